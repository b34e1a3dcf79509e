import type { Price, Qty } from "../domain/fixed.ts";
import type { OrderSpec, Outcome } from "../domain/order.ts";

/**
 * An order's life: where it stands, what is asked of the venue, and whether we know.
 * A fill is legal in every status; `closed` needs evidence from the venue.
 */
export interface Order {
  readonly spec: OrderSpec;
  status: "intended" | "open" | "closed";
  request: "none" | "placing" | "cancelling" | "amending";
  certainty: "known" | "unknown";
  outcome: Outcome | undefined;
  venueIds: string[];
  /** Venue trade ids folded, so that a fill told twice counts once. */
  tradeIds: string[];
  /** As amended. */
  quantity: Qty;
  stopPrice: Price | undefined;
  /** An amendment has been asked for: from then on only the venue knows what it is to fill. */
  resized: boolean;
  filled: Qty;
  sendBy: number;
  intendedAt: number;
  /** Look-ups in a row that found nothing, counted only after the venue's window has passed. */
  negativeLookups: number;
  nextLookupAt: number;
}

/** A fresh order whose intent has just been recorded. */
export function intendedOrder(spec: OrderSpec, sendBy: number, time: number): Order {
  return {
    spec,
    status: "intended",
    request: "placing",
    certainty: "known",
    outcome: undefined,
    venueIds: [],
    tradeIds: [],
    quantity: spec.quantity,
    stopPrice: spec.stopPrice,
    resized: false,
    filled: 0n as Qty,
    sendBy,
    intendedAt: time,
    negativeLookups: 0,
    nextLookupAt: 0,
  };
}

/** What an order may still fill; for a budget order that is known only when it closes. */
export function remaining(order: Order): Qty {
  return (order.quantity > order.filled ? order.quantity - order.filled : 0n) as Qty;
}

/** Live: it may fill at any moment. */
export function isLive(order: Order): boolean {
  return order.status !== "closed";
}

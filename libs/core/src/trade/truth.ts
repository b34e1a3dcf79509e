import type { Order } from "../orders/order.ts";
import type { VenueOrder } from "../orders/report.ts";
import { findSlot, type Slot } from "./account.ts";
import { advance, startClose } from "./advance.ts";
import { bookFill } from "./book.ts";
import { emit, type Desk } from "./desk.ts";
import { doubt } from "./doubt.ts";

/** A refused exit is tried again this much later, not in the same breath. */
const RETRY_EXIT_MS = 1_000;

/** The venue says the order is over. Fills it counts and we have not seen are fetched before we believe it. */
export function closeOrder(
  desk: Desk,
  slot: Slot,
  order: Order,
  outcome: NonNullable<VenueOrder["outcome"]>,
  filled: bigint,
  reason: string,
): void {
  if (filled > order.filled) return doubt(desk, order, "fills are missing");
  const expected = outcome === "filled" || order.request === "cancelling" || order.spec.leg === "entry";
  emit(desk, { type: "order_closed", clientId: order.spec.clientId, outcome, reason });
  if (expected) return advance(desk, slot);
  // An exit that the venue ended of its own accord: another one may have filled, or what we hold is not what we think.
  for (const other of slot.live) doubt(desk, other, `${order.spec.leg} ${outcome} by the venue`);
  if (outcome === "rejected" && order.spec.leg === "stop") return startClose(desk, slot, `stop refused: ${reason}`);
  desk.intents.push({ type: "timer", at: desk.time + RETRY_EXIT_MS });
}

/** Takes over the venue's own record of an order: its fills, its size, its state. */
export function adoptTruth(desk: Desk, order: Order, truth: VenueOrder): void {
  const slot = findSlot(desk.state, order.spec.variant, order.spec.instrument)!;
  for (const execution of truth.executions) bookFill(desk, order, execution);
  if (order.status === "closed") return advance(desk, slot);
  if (!truth.open) return closeOrder(desk, slot, order, truth.outcome ?? "cancelled", truth.filled, "looked up");
  if (!order.venueIds.includes(truth.venueId)) emit(desk, { type: "order_open", clientId: truth.clientId, venueId: truth.venueId });
  if (order.spec.budget === undefined && (truth.quantity !== order.quantity || truth.stopPrice !== order.stopPrice))
    emit(desk, {
      type: "order_amended",
      clientId: truth.clientId,
      quantity: truth.quantity,
      ...(truth.stopPrice === undefined ? undefined : { stopPrice: truth.stopPrice }),
    });
  if (order.certainty === "unknown" || order.request !== "none")
    emit(desk, { type: "order_known", clientId: truth.clientId, reason: "looked up" });
  advance(desk, slot);
}

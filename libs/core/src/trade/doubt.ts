import type { Order } from "../orders/order.ts";
import { emit, type Desk } from "./desk.ts";

/** Between two look-ups of one order. */
const LOOKUP_EVERY_MS = 1_000;
/** After `sendBy` a request may still travel, and a venue may still be writing it down. */
const VENUE_WINDOW_MS = 5_000;
const SETTLING_MS = 5_000;
/** Look-ups in a row that must find nothing, after the window, before an order counts as never placed. */
const NEGATIVE_LOOKUPS = 3;

/** Marks an order as in doubt and asks the venue for it at once. */
export function doubt(desk: Desk, order: Order, reason: string): void {
  if (order.status === "closed") return;
  if (order.certainty === "known") {
    emit(desk, { type: "order_unknown", clientId: order.spec.clientId, reason });
    order.negativeLookups = 0;
  }
  lookUp(desk, order);
}

function lookUp(desk: Desk, order: Order): void {
  order.nextLookupAt = desk.time + LOOKUP_EVERY_MS;
  desk.intents.push({ type: "lookup", clientId: order.spec.clientId, instrument: order.spec.instrument });
  desk.intents.push({ type: "timer", at: order.nextLookupAt });
}

/** Timer: repeats the look-ups that are due. */
export function repeatLookups(desk: Desk): void {
  for (const slots of desk.state.slotsByInstrument.values())
    for (const slot of slots)
      for (const order of slot.live) if (order.certainty === "unknown" && order.nextLookupAt <= desk.time) lookUp(desk, order);
}

/**
 * The venue finds no trace of the order. Only repeated silence after everything could have arrived
 * is evidence, and only for an order the venue never acknowledged.
 */
export function foundNothing(desk: Desk, order: Order): void {
  if (order.certainty === "known") return;
  if (desk.time <= order.sendBy + VENUE_WINDOW_MS + SETTLING_MS) return;
  order.negativeLookups += 1;
  if (order.negativeLookups < NEGATIVE_LOOKUPS || order.status !== "intended") return;
  emit(desk, {
    type: "order_closed",
    clientId: order.spec.clientId,
    outcome: "not_placed",
    reason: `${NEGATIVE_LOOKUPS} look-ups found nothing`,
  });
}

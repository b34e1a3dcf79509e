import type { VenueOrder, VenueReport } from "../orders/report.ts";
import type { Order } from "../orders/order.ts";
import { findSlot, type Slot } from "./account.ts";
import { advance, startClose } from "./advance.ts";
import { bookCashFlow, bookFill, bookLiquidation, bookSplit } from "./book.ts";
import { emit, type Desk } from "./desk.ts";
import { doubt, foundNothing } from "./doubt.ts";
import { reconcile } from "./reconcile.ts";

/** A refused exit is tried again this much later, not in the same breath. */
const RETRY_EXIT_MS = 1_000;

/** Folds what the venue says. Told twice, late or out of order it comes to the same. */
export function onReport(desk: Desk, report: VenueReport): void {
  switch (report.type) {
    case "funding":
    case "dividend":
      return bookCashFlow(desk, report);
    case "liquidation":
      return bookLiquidation(desk, report);
    case "split":
      return bookSplit(desk, report);
    case "snapshot":
      return reconcile(desk, report);
    default: {
      const order = desk.state.orders.get(report.clientId);
      if (order === undefined) return;
      onOrderReport(desk, order, report);
    }
  }
}

type OrderReport = Extract<VenueReport, { clientId: string }>;

function onOrderReport(desk: Desk, order: Order, report: OrderReport): void {
  const slot = findSlot(desk.state, order.spec.variant, order.spec.instrument)!;
  if (report.type === "fill") {
    if (bookFill(desk, order, report.execution)) advance(desk, slot);
    return;
  }
  if (order.status === "closed") return;
  switch (report.type) {
    case "open":
      if (order.request !== "placing" && order.venueIds.includes(report.venueId)) return;
      emit(desk, { type: "order_open", clientId: report.clientId, venueId: report.venueId });
      return advance(desk, slot);
    case "amended":
      if (order.request !== "amending") return isAsAmended(order, report) ? undefined : doubt(desk, order, "an earlier amendment came through");
      emit(desk, { type: "order_amended", clientId: report.clientId, quantity: report.quantity, ...(report.stopPrice === undefined ? undefined : { stopPrice: report.stopPrice }) });
      return advance(desk, slot);
    case "request_refused":
      return doubt(desk, order, report.reason);
    case "unanswered":
      return doubt(desk, order, report.reason);
    case "not_sent":
      emit(desk, { type: "order_closed", clientId: report.clientId, outcome: "not_placed", reason: report.reason });
      return advance(desk, slot);
    case "closed":
      return closeOrder(desk, slot, order, report.outcome, report.filled, report.reason);
    case "lookup":
      return report.order === null ? onSilence(desk, slot, order) : adoptTruth(desk, order, report.order);
  }
}

function isAsAmended(order: Order, report: Extract<VenueReport, { type: "amended" }>): boolean {
  return report.quantity === order.quantity && (report.stopPrice === undefined || report.stopPrice === order.stopPrice);
}

function onSilence(desk: Desk, slot: Slot, order: Order): void {
  foundNothing(desk, order);
  if ((order.status as string) === "closed") advance(desk, slot);
}

/** The venue says the order is over. Fills it counts and we have not seen are fetched before we believe it. */
function closeOrder(desk: Desk, slot: Slot, order: Order, outcome: NonNullable<VenueOrder["outcome"]>, filled: bigint, reason: string): void {
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
    emit(desk, { type: "order_amended", clientId: truth.clientId, quantity: truth.quantity, ...(truth.stopPrice === undefined ? undefined : { stopPrice: truth.stopPrice }) });
  if (order.certainty === "unknown" || order.request !== "none") emit(desk, { type: "order_known", clientId: truth.clientId, reason: "looked up" });
  advance(desk, slot);
}

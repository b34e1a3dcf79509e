import type { VenueReport } from "../orders/report.ts";
import type { Order } from "../orders/order.ts";
import { findSlot, type Slot } from "./account.ts";
import { advance } from "./advance.ts";
import { bookCashFlow, bookFill, bookLiquidation, bookSplit } from "./book.ts";
import { emit, type Desk } from "./desk.ts";
import { doubt, foundNothing } from "./doubt.ts";
import { reconcile } from "./reconcile.ts";
import { adoptTruth, closeOrder } from "./truth.ts";

function isKnownFlow(desk: Desk, report: VenueReport): boolean {
  if (report.type === "liquidation") return desk.state.flowRefs.includes(report.execution.tradeId);
  return "ref" in report && desk.state.flowRefs.includes(report.ref);
}

/** Folds what the venue says. Told twice, late or out of order it comes to the same. */
export function onReport(desk: Desk, report: VenueReport): void {
  if (isKnownFlow(desk, report)) return;
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
      if (order.request !== "amending")
        return isAsAmended(order, report) ? undefined : doubt(desk, order, "an earlier amendment came through");
      emit(desk, {
        type: "order_amended",
        clientId: report.clientId,
        quantity: report.quantity,
        ...(report.stopPrice === undefined ? undefined : { stopPrice: report.stopPrice }),
      });
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

import { invariant } from "../assert.ts";
import { abs, exactToNumber, formatFixed, ONE, type Exact, type Money, type Qty } from "../domain/fixed.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Execution, Leg } from "../domain/order.ts";
import { assertBalanced, cashFlowPostings, fillPostings } from "../ledger/postings.ts";
import { applyFill, tradeValue, type Position } from "../ledger/position.ts";
import type { VenueReport } from "../orders/report.ts";
import type { Order } from "../orders/order.ts";
import { protections } from "../risk/protections/registry.ts";
import { findSlot, isFlat, variantEquity, variantOf, type Slot } from "./account.ts";
import { emit, type Desk } from "./desk.ts";

/** Books a fill of an order once, whatever state the order is in. Returns false when it was known already. */
export function bookFill(desk: Desk, order: Order, execution: Execution): boolean {
  if (order.tradeIds.includes(execution.tradeId)) return false;
  const slot = findSlot(desk.state, order.spec.variant, order.spec.instrument)!;
  bookExecution(desk, slot, execution, order.spec.clientId, order.spec.leg, order.spec.reason);
  if (order.status !== "closed" && order.spec.budget === undefined && order.filled >= order.quantity) judgeFilled(desk, order);
  return true;
}

/** Fills that add up to what was placed end an order; once amended, an amendment still under way may have made it larger. */
function judgeFilled(desk: Desk, order: Order): void {
  const { clientId, instrument } = order.spec;
  if (order.resized) desk.intents.push({ type: "lookup", clientId, instrument });
  else emit(desk, { type: "order_closed", clientId, outcome: "filled", reason: "" });
}

function bookExecution(desk: Desk, slot: Slot, execution: Execution, clientId: string, leg: Leg | "liquidation", reason: string): void {
  const { instrument } = slot;
  if (execution.quantity <= 0n || execution.price <= 0n)
    throw invariant(
      `fill ${execution.tradeId} is of ${formatFixed(execution.quantity)} at ${formatFixed(execution.price)}; both must be above 0`,
    );
  const next = { qty: slot.position.qty, cost: slot.position.cost };
  const { realized } = applyFill(next, instrument, execution.side, execution.quantity, execution.price);
  if (instrument.kind === "spot" && execution.feeCurrency === instrument.base) takeFee(next, instrument, execution);
  const postings = fillPostings(instrument, execution, realized);
  assertBalanced(postings);
  const wasFlat = isFlat(slot);
  emit(desk, {
    type: "fill",
    ...execution,
    clientId,
    variant: slot.plan.id,
    instrument: instrument.id,
    leg,
    reason,
    realized,
    positionAfter: next.qty,
    costAfter: next.cost,
    postings,
  });
  if (!wasFlat && isFlat(slot)) judgeProtections(desk, slot);
}

/** A fee in the bought asset leaves the position at the price it was bought for, so that it counts as a cost once. */
function takeFee(position: Position, instrument: Instrument, { fee, price }: Execution): void {
  position.qty = (position.qty - fee) as Qty;
  position.cost = (position.cost - tradeValue(instrument, fee as bigint as Qty, price)) as Exact;
}

/** A trade has closed: asks each protection of the variant whether to lock. */
function judgeProtections(desk: Desk, slot: Slot): void {
  const { plan } = slot;
  for (const protection of plan.protections) {
    const trades = desk.state.closedTrades.filter((trade) => trade.variant === plan.id && trade.time > desk.time - protection.lookbackMs);
    const locking = protections[protection.kind]!.judge({
      plan: protection,
      trades,
      equity: variantEquity(variantOf(desk.state, plan.id)!),
    });
    if (locking === undefined) continue;
    emit(desk, {
      type: "lock",
      variant: plan.id,
      instrument: locking.instrument,
      until: desk.time + protection.lockMs,
      reason: `${protection.kind}: ${locking.reason}`,
    });
  }
}

/** Slots that hold the instrument, with the share of a whole amount each is due; the last takes the rounding. */
function shares(desk: Desk, instrument: string, amount: bigint): [Slot, bigint][] {
  const held = (desk.state.slotsByInstrument.get(instrument) ?? []).filter((slot) => slot.position.qty !== 0n);
  const total = held.reduce((sum, slot) => sum + slot.position.qty, 0n);
  let left = amount;
  return held.map((slot, i) => {
    const part = i === held.length - 1 || total === 0n ? left : (amount * slot.position.qty) / total;
    left -= part;
    return [slot, part];
  });
}

/** Funding and dividends: cash for what is held. */
export function bookCashFlow(desk: Desk, report: Extract<VenueReport, { type: "funding" | "dividend" }>): void {
  for (const [slot, part] of shares(desk, report.instrument, report.amount)) {
    const amount = part as Money;
    const postings = cashFlowPostings(report.type, report.currency, amount);
    const common = { ref: report.ref, variant: slot.plan.id, instrument: report.instrument, amount, postings };
    if (report.type === "funding") emit(desk, { type: "funding", rate: report.rate, currency: report.currency, ...common });
    else emit(desk, { type: "dividend", ...common });
  }
}

/** The venue took the position. A loss of this kind halts the variant until a person clears it. */
export function bookLiquidation(desk: Desk, report: Extract<VenueReport, { type: "liquidation" }>): void {
  const { execution } = report;
  for (const [slot, part] of shares(desk, report.instrument, execution.quantity)) {
    // A slot that holds the other side closes on the other side, at the same price.
    const quantity = abs(part as Qty);
    const side = part > 0n ? execution.side : execution.side === "BUY" ? "SELL" : "BUY";
    const own = { ...execution, side, quantity, fee: ((execution.fee * part) / execution.quantity) as Money } as const;
    slot.reversal = undefined;
    bookExecution(desk, slot, own, "", "liquidation", report.reason);
    emit(desk, {
      type: "state",
      scope: `variant:${slot.plan.id}`,
      state: "HALTED",
      reason: `liquidated at ${formatFixed(execution.price)}`,
    });
  }
}

/** A share split: quantity times `ratio`, the fraction below a step paid in cash. */
export function bookSplit(desk: Desk, report: Extract<VenueReport, { type: "split" }>): void {
  for (const slot of desk.state.slotsByInstrument.get(report.instrument) ?? []) {
    if (slot.position.qty === 0n) continue;
    const after = (slot.position.qty * report.ratio) / ONE;
    const change = (after - slot.position.qty) as Qty;
    const postings = [
      { account: "position" as const, unit: slot.instrument.base, amount: (change * ONE) as Exact },
      { account: "split" as const, unit: slot.instrument.base, amount: (-change * ONE) as Exact },
      ...(report.cashInLieu === 0n ? [] : cashFlowPostings("split", slot.instrument.settle, report.cashInLieu)),
    ];
    emit(desk, {
      type: "split",
      ref: report.ref,
      variant: slot.plan.id,
      instrument: report.instrument,
      ratio: report.ratio,
      cashInLieu: report.cashInLieu,
      postings,
    });
    slot.lastClose /= exactToNumber((report.ratio * ONE) as Exact);
  }
}

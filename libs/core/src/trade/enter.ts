import { invariant } from "../assert.ts";
import { abs, toNumber, type Price } from "../domain/fixed.ts";
import type { Decision } from "../domain/decision.ts";
import type { Leg, OrderSpec, Side } from "../domain/order.ts";
import { notional } from "../ledger/position.ts";
import { formatClientId } from "../orders/client-id.ts";
import { approve, type Approved } from "../risk/approved.ts";
import { gateEntry, limitEntry } from "../risk/registry.ts";
import type { Denial, EntryRequest } from "../risk/rule.ts";
import { variantOf, type Slot, type VariantState } from "./account.ts";
import { emit, type Desk } from "./desk.ts";
import { nearestTick, sizeEntry } from "./sizing.ts";

/** An intent that has not reached the socket after this long is not sent at all. */
const SEND_WITHIN_MS = 5_000;

/** Opens a position on a decision, or records why not. */
export function enter(desk: Desk, slot: Slot, decision: Decision): void {
  const variant = variantOf(desk.state, slot.plan.id)!;
  const side: Side = decision.action === "BUY" ? "BUY" : "SELL";
  const request: EntryRequest = { desk, variant, slot, side, decision: withExits(slot, side, decision) };
  const denial = unpriced(variant) ?? gateEntry(request);
  if (denial) return deny(desk, slot, denial);
  const { stop, target } = request.decision;
  const size = sizeEntry(request, stop);
  const quantity =
    size.budget === undefined
      ? toNumber(size.quantity)
      : toNumber(size.budget) / notional(slot.instrument, 1, slot.multiplier, decision.close);
  const limit = limitEntry({ ...request, quantity, notional: notional(slot.instrument, quantity, slot.multiplier, decision.close) });
  if (limit) return deny(desk, slot, limit);
  const { tick } = slot.instrument;
  const spec: OrderSpec = {
    clientId: clientId(desk, slot, "entry", variant.ordinal + 1, 1),
    variant: slot.plan.id,
    instrument: slot.instrument.id,
    side,
    leg: "entry",
    type: "market",
    quantity: size.quantity,
    ...(size.budget === undefined ? undefined : { budget: size.budget }),
    reduceOnly: false,
    ...(stop === undefined ? undefined : { protectStop: nearestTick(stop, tick) }),
    ...(target === undefined ? undefined : { protectTarget: nearestTick(target, tick) }),
    reason: decision.reason,
  };
  place(desk, approve(spec));
}

/** A new owner has seen no candle yet: what the variant holds elsewhere has no price, and its exposure is not known. */
function unpriced(variant: VariantState): Denial | undefined {
  const slot = variant.slots.find(({ lastClose, qty, live }) => lastClose === 0 && (qty !== 0 || live.length > 0));
  return slot && { code: "NO_PRICE", detail: `no close of ${slot.instrument.id} has been seen yet` };
}

/** The decision with the variant's own exits where the strategy set none. Distances are from the decision's close. */
function withExits(slot: Slot, side: Side, decision: Decision): Decision {
  const { stopLossPct, takeProfitPct, trailingStopPct } = slot.plan.exits;
  const sign = side === "BUY" ? 1 : -1;
  const at = (pct: number) => decision.close * (1 + (sign * pct) / 100);
  const distances = [stopLossPct, trailingStopPct].filter((pct) => pct !== null);
  const stop = decision.stop ?? (distances.length > 0 ? at(-Math.min(...distances)) : undefined);
  const target = decision.target ?? (takeProfitPct === null ? undefined : at(takeProfitPct));
  return { ...decision, ...(stop === undefined ? undefined : { stop }), ...(target === undefined ? undefined : { target }) };
}

function deny(desk: Desk, slot: Slot, denial: Denial): void {
  emit(desk, { type: "denied", variant: slot.plan.id, instrument: slot.instrument.id, code: denial.code, detail: denial.detail });
}

/** Closes at most what is held; the one kind of order that may be issued again. */
export function placeExit(desk: Desk, slot: Slot, leg: Exclude<Leg, "entry">, reason: string, price?: Price): void {
  const quantity = slot.closable;
  if (quantity === 0n) return;
  const order = {
    clientId: clientId(desk, slot, leg, slot.ordinal, slot.attempts[leg] + 1),
    variant: slot.plan.id,
    instrument: slot.instrument.id,
    side: exitSide(slot),
    leg,
    quantity,
    reduceOnly: true,
    reason,
  };
  const group = `${desk.state.epoch}-${slot.plan.id}-${slot.instrument.id}-${slot.ordinal}`;
  if (leg === "close") return place(desk, approveExit(slot, { ...order, type: "market" }));
  if (leg === "stop") return place(desk, approveExit(slot, { ...order, type: "stop", stopPrice: price!, group }));
  place(desk, approveExit(slot, { ...order, type: "limit", limitPrice: price!, group }));
}

/** An exit passes in every trading state, as long as it cannot open anything. */
function approveExit(slot: Slot, spec: OrderSpec): Approved<OrderSpec> {
  if (!spec.reduceOnly || spec.quantity > abs(slot.position.qty))
    throw invariant(`exit of ${spec.quantity} is larger than the position in ${spec.instrument}`);
  return approve(spec);
}

/** Side that closes what the slot holds. */
export function exitSide(slot: Slot): Side {
  return slot.position.qty > 0n ? "SELL" : "BUY";
}

function clientId(desk: Desk, slot: Slot, leg: Leg, ordinal: number, attempt: number): string {
  const variant = variantOf(desk.state, slot.plan.id)!;
  return formatClientId({ epoch: desk.state.epoch, variant: variant.index, ordinal, leg, attempt });
}

/** The one place an order intent is made: recorded first, then asked of the shell. */
function place(desk: Desk, order: Approved<OrderSpec>): void {
  const sendBy = desk.time + SEND_WITHIN_MS;
  emit(desk, { type: "order_intended", order, sendBy });
  desk.intents.push({ type: "place", order, sendBy });
}

import { assert, invariant } from "../assert.ts";
import { exactToNumber, toExact, type Exact } from "../domain/fixed.ts";
import type { FillEvent, LedgerEvent, Posting } from "../ledger/entry.ts";
import { intendedOrder, type Order } from "../orders/order.ts";
import { findSlot, isFlat, liveEntry, setPosition, type AccountState, type Slot } from "./account.ts";

/** Late reports of an order are recognised until this many others have closed after it. */
const CLOSED_ORDERS_KEPT = 512;
const FLOW_REFS_KEPT = 512;
const CLOSED_TRADES_KEPT = 1_000;

/** Folds one ledger event into the account. The only place where orders, positions and cash change. */
export function apply(state: AccountState, event: LedgerEvent, time: number): void {
  switch (event.type) {
    case "genesis":
      state.id = event.account;
      state.epoch = event.epoch;
      state.currency = event.currency;
      return;
    case "transfer":
      post(state, undefined, event.postings);
      return allot(state, event.reason, toExact(event.amount));
    case "order_intended":
      return intend(state, event, time);
    case "order_open":
    case "order_requested":
    case "order_amended":
    case "order_unknown":
    case "order_known":
      return evolve(state, orderOf(state, event.clientId), event, time);
    case "order_closed":
      return close(state, orderOf(state, event.clientId), event.outcome);
    case "fill":
      return fill(state, event, time);
    case "funding":
    case "dividend": {
      remember(state, event.ref);
      const slot = slotOf(state, event.variant, event.instrument);
      post(state, slot, event.postings);
      slot.tradePnl = (slot.tradePnl + toExact(event.amount)) as Exact;
      return;
    }
    case "split":
      remember(state, event.ref);
      return adjust(state, event);
    case "adopted":
      return adjust(state, event);
    case "state":
      state.scopes.set(event.scope, { state: event.state, reason: event.reason });
      return;
    case "lock":
      state.locks = state.locks.filter((lock) => lock.until > time);
      state.locks.push({ variant: event.variant, instrument: event.instrument, until: event.until, reason: event.reason });
      return;
    case "denied":
      slotOf(state, event.variant, event.instrument).reversal = undefined;
      return;
    case "decision_expired": {
      const slot = slotOf(state, event.variant, event.instrument);
      if (slot.reversal?.closeTime === event.decisionTime) slot.reversal = undefined;
      return;
    }
    case "notice":
  }
}

function slotOf(state: AccountState, variant: string, instrument: string): Slot {
  const slot = findSlot(state, variant, instrument);
  if (slot === undefined) throw invariant(`ledger names ${variant} ${instrument}, which this account does not hold`);
  return slot;
}

function orderOf(state: AccountState, clientId: string): Order {
  const order = state.orders.get(clientId);
  if (order === undefined) throw invariant(`ledger names order ${clientId}, which was never intended`);
  return order;
}

/** A starting balance belongs to the variant it names; any other transfer to the first. */
function allot(state: AccountState, reason: string, amount: Exact): void {
  const named = [...state.variants.values()].find((variant) => reason === startingBalanceReason(variant.plan.id));
  const variant = named ?? state.variants.values().next().value;
  assert(variant !== undefined, "account without a variant");
  variant.cash = (variant.cash + amount) as Exact;
  variant.cashNumber = exactToNumber(variant.cash);
}

export function startingBalanceReason(variant: string): string {
  return `starting balance of ${variant}`;
}

/** Moves cash: the account's balances, and the variant's own when the flow has one. */
function post(state: AccountState, slot: Slot | undefined, postings: readonly Posting[]): void {
  for (const posting of postings) {
    if (posting.account !== "cash") continue;
    state.balances.set(posting.unit, ((state.balances.get(posting.unit) ?? 0n) + posting.amount) as Exact);
    if (slot === undefined || posting.unit !== slot.instrument.settle) continue;
    const variant = state.variants.get(slot.plan.id)!;
    variant.cash = (variant.cash + posting.amount) as Exact;
    variant.cashNumber = exactToNumber(variant.cash);
  }
}

function intend(state: AccountState, event: Extract<LedgerEvent, { type: "order_intended" }>, time: number): void {
  const { order: spec } = event;
  const slot = slotOf(state, spec.variant, spec.instrument);
  const order = intendedOrder(spec, event.sendBy, time);
  state.orders.set(spec.clientId, order);
  slot.live.push(order);
  if (spec.leg === "entry") {
    const variant = state.variants.get(spec.variant)!;
    variant.ordinal += 1;
    slot.ordinal = variant.ordinal;
    slot.attempts = { stop: 0, target: 0, close: 0 };
    slot.stop = spec.protectStop;
    slot.target = spec.protectTarget;
    slot.heldCloses = 0;
    slot.best = 0;
    slot.reversal = undefined;
    slot.closing = undefined;
    return;
  }
  slot.attempts[spec.leg] += 1;
  if (spec.leg === "stop") slot.stop = spec.stopPrice;
  if (spec.leg === "close") slot.closing ??= spec.reason;
}

type OrderEvent = Extract<LedgerEvent, { type: "order_open" | "order_requested" | "order_amended" | "order_unknown" | "order_known" }>;

function evolve(state: AccountState, order: Order, event: OrderEvent, time: number): void {
  switch (event.type) {
    case "order_open":
      if (!order.venueIds.includes(event.venueId)) order.venueIds.push(event.venueId);
      // An acknowledgement says nothing of what was asked after it.
      if (order.request !== "placing") return;
      order.status = "open";
      order.request = "none";
      return know(order);
    case "order_requested":
      recallWish(slotOf(state, order.spec.variant, order.spec.instrument), order, event);
      order.request = event.request;
      if (event.request === "amending") order.resized = true;
      order.sendBy = time;
      return;
    case "order_amended":
      order.quantity = event.quantity;
      if (event.stopPrice !== undefined) order.stopPrice = event.stopPrice;
      order.request = "none";
      return know(order);
    case "order_unknown":
      order.certainty = "unknown";
      return;
    case "order_known":
      if (order.status === "intended") order.status = "open";
      order.request = "none";
      return know(order);
  }
}

/** What a request tells of the slot's wishes, so that a new owner holds on to them. */
function recallWish(slot: Slot, order: Order, event: Extract<OrderEvent, { type: "order_requested" }>): void {
  if (order.spec.leg === "stop" && event.stopPrice !== undefined) slot.stop = event.stopPrice;
  if (order.spec.leg !== "entry" && event.request === "cancelling" && !isFlat(slot)) slot.closing ??= "closing goes on";
}

function know(order: Order): void {
  order.certainty = "known";
  order.negativeLookups = 0;
}

function close(state: AccountState, order: Order, outcome: Order["outcome"]): void {
  order.status = "closed";
  order.request = "none";
  order.outcome = outcome;
  know(order);
  const slot = slotOf(state, order.spec.variant, order.spec.instrument);
  slot.live = slot.live.filter((other) => other !== order);
  if (outcome === "rejected" && order.spec.leg === "target") slot.target = undefined;
  if (order.spec.leg === "entry" && isFlat(slot)) forgetTrade(slot);
  slot.touched = true;
  state.closedOrders.push(order.spec.clientId);
  if (state.closedOrders.length > CLOSED_ORDERS_KEPT * 2)
    for (const id of state.closedOrders.splice(0, CLOSED_ORDERS_KEPT)) state.orders.delete(id);
}

function fill(state: AccountState, event: FillEvent, time: number): void {
  const slot = slotOf(state, event.variant, event.instrument);
  const order = state.orders.get(event.clientId);
  if (order) {
    order.filled = (order.filled + event.quantity) as Order["filled"];
    order.tradeIds.push(event.tradeId);
    if (order.status === "intended") order.status = "open";
    if (order.request === "placing") order.request = "none";
  }
  const wasFlat = isFlat(slot);
  if (wasFlat && order?.spec.leg === "entry") {
    slot.stop = order.spec.protectStop;
    slot.target = order.spec.protectTarget;
  }
  const variant = state.variants.get(event.variant)!;
  const before = variant.cash;
  post(state, slot, event.postings);
  slot.filledAt = time;
  const costBefore = slot.position.cost;
  setPosition(slot, event.positionAfter, event.costAfter);
  // On spot the price of what is held leaves cash; profit is the cash flow plus the change in cost.
  const flow = variant.cash - before;
  const profit = slot.instrument.kind === "spot" ? flow + (event.costAfter - costBefore) : flow;
  slot.tradePnl = (slot.tradePnl + profit) as Exact;
  if (event.leg === "liquidation") remember(state, event.tradeId);
  if (!wasFlat && isFlat(slot)) endTrade(state, slot, event, time);
}

/** One flow may touch several slots, and so be told here several times. */
function remember(state: AccountState, ref: string): void {
  const { flowRefs } = state;
  if (flowRefs.at(-1) === ref) return;
  flowRefs.push(ref);
  if (flowRefs.length > FLOW_REFS_KEPT * 2) flowRefs.splice(0, FLOW_REFS_KEPT);
}

function endTrade(state: AccountState, slot: Slot, event: FillEvent, time: number): void {
  state.closedTrades.push({
    variant: event.variant,
    instrument: event.instrument,
    time,
    pnl: exactToNumber(slot.tradePnl),
    leg: event.leg,
  });
  if (state.closedTrades.length > CLOSED_TRADES_KEPT * 2) state.closedTrades = state.closedTrades.slice(-CLOSED_TRADES_KEPT);
  slot.tradePnl = 0n as Exact;
  // An entry still under way belongs to the trade that has just ended: the rest of it is withdrawn, or closed again.
  if (liveEntry(slot) === undefined) forgetTrade(slot);
  else slot.closing ??= event.leg;
}

function forgetTrade(slot: Slot): void {
  slot.stop = undefined;
  slot.target = undefined;
  slot.closing = undefined;
}

function adjust(state: AccountState, event: Extract<LedgerEvent, { type: "split" | "adopted" }>): void {
  const slot = slotOf(state, event.variant, event.instrument);
  post(state, slot, event.postings);
  if (event.type === "adopted") return setPosition(slot, event.quantity, event.cost);
  let change = 0n;
  for (const posting of event.postings) if (posting.account === "position") change += posting.amount;
  setPosition(slot, (slot.position.qty + change / 10n ** 12n) as Slot["position"]["qty"], slot.position.cost);
}

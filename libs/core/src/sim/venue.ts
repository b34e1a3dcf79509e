import { abs, divide, exactToNumber, fromComputed, ONE, toExact, toMoney, toNumber, type Exact, type Money, type Price, type Qty, type Rate } from "../domain/fixed.ts";
import type { Candle } from "../domain/candle.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Execution, OrderSpec } from "../domain/order.ts";
import type { CostPlan, FillPlan } from "../domain/plan.ts";
import { markValue, tradeValue } from "../ledger/position.ts";
import type { VenueReport } from "../orders/report.ts";
import { marginRate } from "../trade/sizing.ts";
import { describeOrder, type InstrumentBook, type VenueBook, type VenueSideOrder } from "./book.ts";
import { isLiquidatedAt, liquidationFill } from "./liquidation.ts";
import { credit, feeOf, reduces, settleFill, takeVolume, takerPrice, volumeRoom, wantedAt } from "./fill.ts";

/** Closed orders the venue can still look up. */
const CLOSED_KEPT = 2_048;

export interface SimVenueOptions {
  readonly instruments: readonly Instrument[];
  readonly currency: string;
  readonly balance: Money;
  readonly leverage: number;
  readonly costs: CostPlan;
  readonly fills: FillPlan;
}

/**
 * A venue as a pure step: requests and candles in, reports out (appended to `out`, event time of the cause).
 * Within a candle: `open` fills what fills at its first price, `range` what its high and low reach;
 * where both a stop and a target are reached, the stop. It keeps a book of its own.
 */
export interface SimVenue {
  readonly book: VenueBook;
  place(order: OrderSpec, time: number, out: VenueReport[]): void;
  cancel(clientId: string, time: number, out: VenueReport[]): void;
  amend(clientId: string, quantity: Qty, stopPrice: Price | undefined, time: number, out: VenueReport[]): void;
  lookup(clientId: string, time: number, out: VenueReport[]): void;
  snapshot(time: number, out: VenueReport[]): void;
  open(candle: Candle, out: VenueReport[]): void;
  range(candle: Candle, out: VenueReport[]): void;
  /** Charges funding on what is held: longs pay a positive `rate` of the notional at `mark`. */
  fund(instrument: string, rate: Rate, mark: Price, time: number, out: VenueReport[]): void;
}

export function createSimVenue(options: SimVenueOptions): SimVenue {
  const book: VenueBook = { cash: new Map([[options.currency, toExact(options.balance)]]), instruments: new Map(), orders: new Map(), closed: [], nextId: 1 };
  for (const instrument of options.instruments)
    book.instruments.set(instrument.id, { instrument, live: [], position: { qty: 0n as Qty, cost: 0n as Exact }, liquidationAt: Number.NaN, lastPrice: 0, candleTime: -1, volumeTaken: 0 });
  const venue = { book, options };
  return {
    book,
    place: (order, time, out) => place(venue, order, time, out),
    cancel: (clientId, time, out) => cancel(venue, clientId, time, out),
    amend: (clientId, quantity, stopPrice, time, out) => amend(venue, clientId, quantity, stopPrice, time, out),
    lookup: (clientId, time, out) => {
      const order = book.orders.get(clientId);
      out.push({ type: "lookup", time, clientId, order: order ? describeOrder(order) : null });
    },
    snapshot: (time, out) =>
      void out.push({
        type: "snapshot",
        time,
        orders: [...book.orders.values()].map(describeOrder),
        positions: [...book.instruments.values()].map(({ instrument, position }) => ({ instrument: instrument.id, qty: position.qty })),
      }),
    open: (candle, out) => matchOpen(venue, candle, out),
    range: (candle, out) => matchRange(venue, candle, out),
    fund: (instrument, rate, mark, time, out) => fund(venue, instrument, rate, mark, time, out),
  };
}

interface Venue {
  readonly book: VenueBook;
  readonly options: SimVenueOptions;
}

function place(venue: Venue, spec: OrderSpec, time: number, out: VenueReport[]): void {
  const { book, options } = venue;
  const market = book.instruments.get(spec.instrument);
  const known = book.orders.get(spec.clientId);
  const refuse = (reason: string) => void out.push({ type: "closed", time, clientId: spec.clientId, outcome: "rejected", filled: 0n as Qty, reason });
  if (market === undefined) return refuse(`unknown instrument ${spec.instrument}`);
  // Venues check client ids against open orders only.
  if (known !== undefined && known.outcome === undefined) return refuse("duplicate client id");
  if (spec.budget === undefined && (spec.quantity < market.instrument.minQty || spec.quantity % market.instrument.step !== 0n || spec.quantity <= 0n)) return refuse(`quantity ${toNumber(spec.quantity)} is off the step or below the minimum`);
  const order: VenueSideOrder = {
    spec,
    venueId: `v${book.nextId++}`,
    arrivesAt: time + options.fills.latencyMs,
    quantity: spec.quantity,
    stopPrice: spec.stopPrice,
    trigger: triggerOf(spec.limitPrice ?? spec.stopPrice),
    triggered: false,
    filled: 0n as Qty,
    budgetLeft: spec.budget ?? (0n as Money),
    outcome: undefined,
    executions: [],
  };
  book.orders.set(spec.clientId, order);
  market.live.push(order);
  out.push({ type: "open", time, clientId: spec.clientId, venueId: order.venueId });
}

function triggerOf(price: Price | undefined): number {
  return price === undefined ? 0 : toNumber(price);
}

function cancel(venue: Venue, clientId: string, time: number, out: VenueReport[]): void {
  const order = venue.book.orders.get(clientId);
  if (order === undefined || order.outcome !== undefined) return void out.push({ type: "request_refused", time, clientId, request: "cancelling", reason: "order is not open" });
  end(venue, order, "cancelled", "", time, out);
}

function amend(venue: Venue, clientId: string, quantity: Qty, stopPrice: Price | undefined, time: number, out: VenueReport[]): void {
  const order = venue.book.orders.get(clientId);
  if (order === undefined || order.outcome !== undefined || quantity <= order.filled) return void out.push({ type: "request_refused", time, clientId, request: "amending", reason: "order is not open" });
  order.quantity = quantity;
  if (stopPrice !== undefined) {
    order.stopPrice = stopPrice;
    order.trigger = triggerOf(stopPrice);
  }
  out.push({ type: "amended", time, clientId, quantity, ...(stopPrice === undefined ? undefined : { stopPrice }) });
}

function end(venue: Venue, order: VenueSideOrder, outcome: NonNullable<VenueSideOrder["outcome"]>, reason: string, time: number, out: VenueReport[]): void {
  const { book } = venue;
  order.outcome = outcome;
  const market = book.instruments.get(order.spec.instrument)!;
  market.live = market.live.filter((other) => other !== order);
  book.closed.push(order.spec.clientId);
  if (book.closed.length > CLOSED_KEPT * 2) for (const id of book.closed.splice(0, CLOSED_KEPT)) book.orders.delete(id);
  out.push({ type: "closed", time, clientId: order.spec.clientId, outcome, filled: order.filled, reason });
  const { group } = order.spec;
  if (group === undefined || outcome !== "filled") return;
  for (const sibling of market.live) if (sibling.spec.group === group) end(venue, sibling, "cancelled", "one cancels other", time, out);
}

function startCandle(market: InstrumentBook, candle: Candle): void {
  if (market.candleTime === candle.openTime) return;
  market.candleTime = candle.openTime;
  market.volumeTaken = 0;
}

function matchOpen(venue: Venue, candle: Candle, out: VenueReport[]): void {
  const market = venue.book.instruments.get(candle.instrument);
  if (market === undefined) return;
  startCandle(market, candle);
  market.lastPrice = candle.open;
  // A gap over the liquidation price leaves nothing for a stop to save.
  if (isLiquidatedAt(market, venue.options.leverage, candle.open)) liquidate(venue, market, candle.openTime, out);
  if (market.live.length === 0) return;
  for (const order of [...market.live]) {
    if (order.outcome !== undefined || order.arrivesAt > candle.openTime || !opens(order, candle.open)) continue;
    order.triggered = order.spec.type === "stop";
    execute(venue, market, order, candle.open, order.spec.type === "limit" ? "maker" : "taker", candle, candle.openTime, out);
  }
}

/** Whether an order fills at a first price: markets always, the rest when the price has jumped to or over theirs. */
function opens(order: VenueSideOrder, price: number): boolean {
  const buy = order.spec.side === "BUY";
  if (order.spec.type === "market" || order.triggered) return true;
  if (order.spec.type === "stop") return buy ? price >= order.trigger : price <= order.trigger;
  return buy ? price <= order.trigger : price >= order.trigger;
}

/** The worse outcome first: what arrives late, stops, liquidation, and only then limits. */
function matchRange(venue: Venue, candle: Candle, out: VenueReport[]): void {
  const market = venue.book.instruments.get(candle.instrument);
  if (market === undefined) return;
  const { leverage } = venue.options;
  if (market.live.length > 0) {
    for (const order of arrived(market, "market", candle)) if (order.arrivesAt > candle.openTime) execute(venue, market, order, latePrice(order, candle), "taker", candle, candle.closeTime, out);
    for (const order of arrived(market, "stop", candle)) {
      if (order.outcome !== undefined || order.triggered || !stopReached(order, candle) || isLiquidatedAt(market, leverage, order.trigger)) continue;
      order.triggered = true;
      execute(venue, market, order, stopReference(order, candle), "taker", candle, candle.closeTime, out);
    }
  }
  if (isLiquidatedAt(market, leverage, market.position.qty > 0n ? candle.low : candle.high)) liquidate(venue, market, candle.closeTime, out);
  if (market.live.length > 0)
    for (const order of arrived(market, "limit", candle)) if (order.outcome === undefined && limitReached(order, candle)) execute(venue, market, order, order.trigger, "maker", candle, candle.closeTime, out);
  market.lastPrice = candle.close;
}

/** Live orders of a type that are at the venue before the candle ends. A copy: matching changes the list. */
function arrived(market: InstrumentBook, type: OrderSpec["type"], candle: Candle): VenueSideOrder[] {
  return market.live.filter((order) => order.spec.type === type && order.arrivesAt < candle.closeTime);
}

function stopReached(order: VenueSideOrder, candle: Candle): boolean {
  return order.spec.side === "BUY" ? candle.high >= order.trigger : candle.low <= order.trigger;
}

function limitReached(order: VenueSideOrder, candle: Candle): boolean {
  return order.spec.side === "BUY" ? candle.low <= order.trigger : candle.high >= order.trigger;
}

/** An order that arrives inside a candle pays for the wait: the price runs towards the candle's worse end in proportion to time. */
function latePrice(order: VenueSideOrder, candle: Candle): number {
  const share = (order.arrivesAt - candle.openTime) / (candle.closeTime - candle.openTime);
  const worst = order.spec.side === "BUY" ? candle.high : candle.low;
  return candle.open + share * (worst - candle.open);
}

/** A stop fills at its price; one that arrives when the price may have passed it, at the worse of the two. */
function stopReference(order: VenueSideOrder, candle: Candle): number {
  if (order.arrivesAt <= candle.openTime) return order.trigger;
  const late = latePrice(order, candle);
  return order.spec.side === "BUY" ? Math.max(order.trigger, late) : Math.min(order.trigger, late);
}

function execute(venue: Venue, market: InstrumentBook, order: VenueSideOrder, reference: number, liquidity: "maker" | "taker", candle: Candle, time: number, out: VenueReport[]): void {
  const { instrument } = market;
  const { spec } = order;
  const price = liquidity === "maker" ? makerPrice(order, reference, candle) : takerPrice(instrument, spec.side, reference, venue.options.costs);
  let quantity = wantedAt(market, order, price);
  if (spec.reduceOnly) {
    if (market.position.qty === 0n || market.position.qty > 0n === (spec.side === "BUY")) return end(venue, order, "cancelled", "nothing to reduce", time, out);
    if (quantity > abs(market.position.qty)) quantity = abs(market.position.qty);
  }
  const room = volumeRoom(market, candle.volume, venue.options.fills.maxVolumeShare);
  const whole = quantity;
  if (room !== undefined && quantity > room) quantity = room;
  if (whole === 0n) return end(venue, order, order.filled > 0n ? "filled" : "rejected", "budget is below one step", time, out);
  if (quantity === 0n) return;
  const value = tradeValue(instrument, quantity, price);
  const { fee, feeCurrency } = feeOf(instrument, spec.side, quantity, value, liquidity);
  if (!affordable(venue, market, order, quantity, value, fee)) return end(venue, order, order.filled > 0n ? "cancelled" : "rejected", "insufficient funds", time, out);
  const execution: Execution = { tradeId: `t${venue.book.nextId++}`, side: spec.side, quantity, price, fee, feeCurrency, liquidity };
  settleFill(venue.book, market, execution);
  takeVolume(market, quantity);
  order.filled = (order.filled + quantity) as Qty;
  order.executions.push(execution);
  if (spec.budget !== undefined) order.budgetLeft = (order.budgetLeft - toMoney(value, "up") - fee) as Money;
  out.push({ type: "fill", time, clientId: spec.clientId, venueId: order.venueId, execution });
  if (quantity === whole) end(venue, order, "filled", "", time, out);
}

/** A limit order that the price has jumped over fills at the better, first price. */
function makerPrice(order: VenueSideOrder, reference: number, candle: Candle): Price {
  const limit = order.spec.limitPrice!;
  if (reference !== candle.open) return limit;
  const first = fromComputed<Price>(reference);
  const better = order.spec.side === "BUY" ? first < limit : first > limit;
  return better ? first : limit;
}

/** Cash for spot; for contracts the margin that is free, counting open positions at their last price. */
function affordable(venue: Venue, market: InstrumentBook, order: VenueSideOrder, quantity: Qty, value: Exact, fee: Money): boolean {
  const { instrument } = market;
  if (reduces(market.position, order.spec.side, quantity)) return true;
  const cash = venue.book.cash.get(instrument.settle) ?? (0n as Exact);
  if (instrument.kind === "spot") {
    if (order.spec.side === "SELL") return market.position.qty >= quantity;
    return cash >= value + (instrument.feeIn === "received" ? 0n : toExact(fee));
  }
  let free = exactToNumber(cash);
  for (const other of venue.book.instruments.values()) {
    if (other.position.qty === 0n || other.instrument.kind === "spot") continue;
    const cost = exactToNumber(other.position.cost);
    free += Math.min(0, markValue(other.instrument, toNumber(other.position.qty), cost, toNumber(other.instrument.multiplier), other.lastPrice));
    free -= Math.abs(cost) * marginRate(other.instrument, venue.options.leverage);
  }
  return exactToNumber(value) * marginRate(instrument, venue.options.leverage) + toNumber(fee) <= free * (1 + 1e-12);
}

/** Takes the position and withdraws every order on the instrument, entries too. */
function liquidate(venue: Venue, market: InstrumentBook, time: number, out: VenueReport[]): void {
  const reason = `liquidation price ${market.liquidationAt.toPrecision(10)} reached`;
  const execution = liquidationFill(market, venue.options.leverage, `t${venue.book.nextId++}`);
  settleFill(venue.book, market, execution);
  out.push({ type: "liquidation", time, instrument: market.instrument.id, execution, reason });
  for (const order of [...market.live]) end(venue, order, "cancelled", "position liquidated", time, out);
}

function fund(venue: Venue, instrumentId: string, rate: Rate, mark: Price, time: number, out: VenueReport[]): void {
  const market = venue.book.instruments.get(instrumentId);
  if (market === undefined || market.position.qty === 0n) return;
  const { instrument, position } = market;
  const value = tradeValue(instrument, abs(position.qty), mark);
  const due = divide(value * rate, ONE, "halfEven") * (position.qty > 0n ? -1n : 1n);
  const amount = toMoney(due as Exact, "halfEven");
  credit(venue.book, instrument.settle, toExact(amount));
  out.push({ type: "funding", time, instrument: instrumentId, rate, amount, currency: instrument.settle });
}

import { abs, exactToNumber, toExact, toMoney, toNumber, type Exact, type Money, type Price, type Qty } from "../domain/fixed.ts";
import type { Candle } from "../domain/candle.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Execution, OrderSpec } from "../domain/order.ts";
import type { CostPlan, FillPlan } from "../domain/plan.ts";
import { marginRate } from "../ledger/margin.ts";
import { markValue, tradeValue } from "../ledger/position.ts";
import type { VenueReport } from "../orders/report.ts";
import type { InstrumentBook, VenueBook, VenueSideOrder } from "./book.ts";
import { isLiquidatedAt, liquidationFill } from "./liquidation.ts";
import { feeOf, reduces, settleFill, takeVolume, takerPrice, volumeRoom, wantedAt } from "./fill.ts";

/** Closed orders the venue can still look up. */
const CLOSED_KEPT = 512;
const NO_COSTS: CostPlan = { spreadBps: 0, slippageBps: 0 };

/** A venue as matching sees it: its book, and by which rules it fills. */
export interface MatchedVenue {
  readonly book: VenueBook;
  readonly leverage: number;
  readonly costs: CostPlan;
  readonly fills: FillPlan;
}

function startCandle(market: InstrumentBook, candle: Candle): void {
  if (market.candleTime === candle.openTime) return;
  market.candleTime = candle.openTime;
  market.volumeTaken = 0;
}

/** Liquidation, then what fills at a candle's first price. */
export function matchOpen(venue: MatchedVenue, candle: Candle, out: VenueReport[]): void {
  const market = venue.book.instruments.get(candle.instrument);
  if (market === undefined) return;
  startCandle(market, candle);
  market.lastPrice = candle.open;
  // A gap over the liquidation price leaves nothing for a stop to save.
  if (isLiquidatedAt(market, venue.leverage, candle.open)) liquidate(venue, market, candle.openTime, out);
  for (const order of market.live) {
    if (order.outcome !== undefined || order.arrivesAt > candle.openTime || !opens(order, candle.open)) continue;
    order.triggered = order.spec.type === "stop";
    // A limit order that has just come and already crosses rests for nobody.
    const rested = order.spec.type === "limit" && order.arrivesAt < candle.openTime;
    execute(venue, market, order, candle.open, rested ? "maker" : "taker", candle, candle.openTime, out);
  }
}

/** Whether an order fills at a first price: markets always, the rest when the price has jumped to or over theirs. */
function opens(order: VenueSideOrder, price: number): boolean {
  const buy = order.spec.side === "BUY";
  if (order.spec.type === "market" || order.triggered) return true;
  if (order.spec.type === "stop") return buy ? price >= order.trigger : price <= order.trigger;
  return buy ? price <= order.trigger : price >= order.trigger;
}

/** Market orders that arrive inside a candle fill on arrival, so that what protects their position is there for the rest of it. */
export function matchArrivals(venue: MatchedVenue, candle: Candle, out: VenueReport[]): void {
  const market = venue.book.instruments.get(candle.instrument);
  if (market === undefined) return;
  for (const order of market.live)
    if (waits(order, "market", candle) && order.arrivesAt > candle.openTime)
      takeInside(venue, market, order, latePrice(order, candle), candle, order.arrivesAt, out);
}

/** The worse outcome first: stops, liquidation, and only then limits. */
export function matchRange(venue: MatchedVenue, candle: Candle, out: VenueReport[]): void {
  const market = venue.book.instruments.get(candle.instrument);
  if (market === undefined) return;
  const { live } = market;
  for (const order of live)
    if (waits(order, "stop", candle) && !order.triggered && stopReached(order, candle))
      takeInside(venue, market, order, stopReference(order, candle), candle, candle.closeTime, out);
  if (isLiquidatedAt(market, venue.leverage, market.position.qty > 0n ? candle.low : candle.high))
    liquidate(venue, market, candle.closeTime, out);
  for (const order of live) if (waits(order, "limit", candle) && limitReached(order, candle)) takeLimit(venue, market, order, candle, out);
  market.lastPrice = candle.close;
}

/** Fills a market or stop order inside a candle, unless the position is liquidated before the price gets there. */
function takeInside(
  venue: MatchedVenue,
  market: InstrumentBook,
  order: VenueSideOrder,
  reference: number,
  candle: Candle,
  time: number,
  out: VenueReport[],
): void {
  if (isLiquidatedAt(market, venue.leverage, reference)) return;
  order.triggered = order.spec.type === "stop";
  execute(venue, market, order, reference, "taker", candle, time, out);
}

/** A limit order fills at its price; one that arrives when the price has passed it takes what it finds. */
function takeLimit(venue: MatchedVenue, market: InstrumentBook, order: VenueSideOrder, candle: Candle, out: VenueReport[]): void {
  const found = order.arrivesAt > candle.openTime ? latePrice(order, candle) : order.trigger;
  const passed = order.spec.side === "BUY" ? found < order.trigger : found > order.trigger;
  execute(venue, market, order, passed ? found : order.trigger, passed ? "taker" : "maker", candle, candle.closeTime, out);
}

/** Whether an order of this type is open and at the venue before the candle ends. */
function waits(order: VenueSideOrder, type: OrderSpec["type"], candle: Candle): boolean {
  return order.outcome === undefined && order.spec.type === type && order.arrivesAt < candle.closeTime;
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

function execute(
  venue: MatchedVenue,
  market: InstrumentBook,
  order: VenueSideOrder,
  reference: number,
  liquidity: "maker" | "taker",
  candle: Candle,
  time: number,
  out: VenueReport[],
): void {
  const { instrument } = market;
  const { spec } = order;
  const price =
    spec.type === "limit"
      ? limitedPrice(instrument, order, reference, liquidity === "maker" ? NO_COSTS : venue.costs)
      : takerPrice(instrument, spec.side, reference, venue.costs);
  let quantity = wantedAt(market, order, price);
  if (spec.reduceOnly) {
    if (market.position.qty === 0n || market.position.qty > 0n === (spec.side === "BUY"))
      return endOrder(venue, order, "cancelled", "nothing to reduce", time, out);
    if (quantity > abs(market.position.qty)) quantity = abs(market.position.qty);
  }
  const room = volumeRoom(market, candle.volume, venue.fills.maxVolumeShare, reference);
  const whole = quantity;
  if (room !== undefined && quantity > room) quantity = room;
  if (whole <= 0n) return endOrder(venue, order, order.filled > 0n ? "filled" : "rejected", "budget is below one step", time, out);
  if (quantity <= 0n) return;
  const value = tradeValue(instrument, quantity, price);
  const { fee, feeCurrency } = feeOf(instrument, spec.side, quantity, value, liquidity);
  if (!affordable(venue, market, order, quantity, value, fee))
    return endOrder(venue, order, order.filled > 0n ? "cancelled" : "rejected", "insufficient funds", time, out);
  const execution: Execution = { tradeId: `t${venue.book.nextId++}`, side: spec.side, quantity, price, fee, feeCurrency, liquidity };
  settleFill(venue.book, market, execution);
  takeVolume(market, quantity, reference);
  order.filled = (order.filled + quantity) as Qty;
  order.executions.push(execution);
  if (spec.budget !== undefined)
    order.budgetLeft = (order.budgetLeft - toMoney(value, "up") - (feeCurrency === instrument.settle ? fee : 0n)) as Money;
  out.push({ type: "fill", time, clientId: spec.clientId, venueId: order.venueId, execution });
  if (quantity === whole) endOrder(venue, order, "filled", "", time, out);
}

/** A limit order fills at the reference price, to the tick against it, but never beyond its own. */
function limitedPrice(instrument: Instrument, order: VenueSideOrder, reference: number, costs: CostPlan): Price {
  const limit = order.spec.limitPrice!;
  const found = takerPrice(instrument, order.spec.side, reference, costs);
  const better = order.spec.side === "BUY" ? found < limit : found > limit;
  return better ? found : limit;
}

/** Cash for spot; for contracts the margin that is free, counting open positions at their last price. */
function affordable(venue: MatchedVenue, market: InstrumentBook, order: VenueSideOrder, quantity: Qty, value: Exact, fee: Money): boolean {
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
    free += Math.min(
      0,
      markValue(other.instrument, toNumber(other.position.qty), cost, toNumber(other.instrument.multiplier), other.lastPrice),
    );
    free -= Math.abs(cost) * marginRate(other.instrument, venue.leverage);
  }
  return exactToNumber(value) * marginRate(instrument, venue.leverage) + toNumber(fee) <= free * (1 + 1e-12);
}

/** Takes the position and withdraws every order on the instrument, entries too. */
function liquidate(venue: MatchedVenue, market: InstrumentBook, time: number, out: VenueReport[]): void {
  const reason = `liquidation price ${market.liquidationAt.toPrecision(10)} reached`;
  const execution = liquidationFill(market, venue.leverage, `t${venue.book.nextId++}`);
  settleFill(venue.book, market, execution);
  out.push({ type: "liquidation", time, instrument: market.instrument.id, execution, reason });
  for (const order of market.live) endOrder(venue, order, "cancelled", "position liquidated", time, out);
}

/** Takes an order off the book, and its siblings with it when it filled (one cancels the other). */
export function endOrder(
  venue: MatchedVenue,
  order: VenueSideOrder,
  outcome: NonNullable<VenueSideOrder["outcome"]>,
  reason: string,
  time: number,
  out: VenueReport[],
): void {
  const { book } = venue;
  order.outcome = outcome;
  const market = book.instruments.get(order.spec.instrument)!;
  market.live = market.live.filter((other) => other !== order);
  book.closed.push(order.spec.clientId);
  if (book.closed.length > CLOSED_KEPT * 2) for (const id of book.closed.splice(0, CLOSED_KEPT)) book.orders.delete(id);
  out.push({ type: "closed", time, clientId: order.spec.clientId, outcome, filled: order.filled, reason });
  const { group } = order.spec;
  if (group === undefined || outcome !== "filled") return;
  for (const sibling of market.live)
    if (sibling.spec.group === group) endOrder(venue, sibling, "cancelled", "one cancels other", time, out);
}

import { abs, divide, ONE, toExact, toMoney, toNumber, type Exact, type Money, type Price, type Qty, type Rate } from "../domain/fixed.ts";
import type { Candle } from "../domain/candle.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { OrderSpec } from "../domain/order.ts";
import type { CostPlan, FillPlan } from "../domain/plan.ts";
import { tradeValue } from "../ledger/position.ts";
import type { VenueReport } from "../orders/report.ts";
import { describeOrder, type VenueBook, type VenueSideOrder } from "./book.ts";
import { credit } from "./fill.ts";
import { endOrder, matchArrivals, matchOpen, matchRange, type MatchedVenue } from "./match.ts";

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
  /** Between the two: what arrives inside the candle. */
  arrivals(candle: Candle, out: VenueReport[]): void;
  range(candle: Candle, out: VenueReport[]): void;
  /** Charges funding on what is held: longs pay a positive `rate` of the notional at `mark`. */
  fund(instrument: string, rate: Rate, mark: Price, time: number, out: VenueReport[]): void;
}

export function createSimVenue(options: SimVenueOptions): SimVenue {
  const book: VenueBook = {
    cash: new Map([[options.currency, toExact(options.balance)]]),
    instruments: new Map(),
    orders: new Map(),
    closed: [],
    nextId: 1,
  };
  for (const instrument of options.instruments)
    book.instruments.set(instrument.id, {
      instrument,
      live: [],
      position: { qty: 0n as Qty, cost: 0n as Exact },
      liquidationAt: Number.NaN,
      lastPrice: 0,
      candleTime: -1,
      volumeTaken: 0,
    });
  const venue: MatchedVenue = { book, leverage: options.leverage, costs: options.costs, fills: options.fills };
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
    arrivals: (candle, out) => matchArrivals(venue, candle, out),
    range: (candle, out) => matchRange(venue, candle, out),
    fund: (instrument, rate, mark, time, out) => fund(venue, instrument, rate, mark, time, out),
  };
}

function place(venue: MatchedVenue, spec: OrderSpec, time: number, out: VenueReport[]): void {
  const { book } = venue;
  const market = book.instruments.get(spec.instrument);
  const known = book.orders.get(spec.clientId);
  const refuse = (reason: string) =>
    void out.push({ type: "closed", time, clientId: spec.clientId, outcome: "rejected", filled: 0n as Qty, reason });
  if (market === undefined) return refuse(`unknown instrument ${spec.instrument}`);
  // Venues check client ids against open orders only.
  if (known !== undefined && known.outcome === undefined) return refuse("duplicate client id");
  if (
    spec.budget === undefined &&
    (spec.quantity < market.instrument.minQty || spec.quantity % market.instrument.step !== 0n || spec.quantity <= 0n)
  )
    return refuse(`quantity ${toNumber(spec.quantity)} is off the step or below the minimum`);
  const order: VenueSideOrder = {
    spec,
    venueId: `v${book.nextId++}`,
    arrivesAt: time + venue.fills.latencyMs,
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
  market.live = [...market.live, order];
  out.push({ type: "open", time, clientId: spec.clientId, venueId: order.venueId });
}

function triggerOf(price: Price | undefined): number {
  return price === undefined ? 0 : toNumber(price);
}

function cancel(venue: MatchedVenue, clientId: string, time: number, out: VenueReport[]): void {
  const order = venue.book.orders.get(clientId);
  if (order === undefined || order.outcome !== undefined)
    return void out.push({ type: "request_refused", time, clientId, request: "cancelling", reason: "order is not open" });
  endOrder(venue, order, "cancelled", "", time, out);
}

function amend(venue: MatchedVenue, clientId: string, quantity: Qty, stopPrice: Price | undefined, time: number, out: VenueReport[]): void {
  const order = venue.book.orders.get(clientId);
  if (order === undefined || order.outcome !== undefined || quantity <= order.filled)
    return void out.push({ type: "request_refused", time, clientId, request: "amending", reason: "order is not open" });
  order.quantity = quantity;
  if (stopPrice !== undefined) {
    order.stopPrice = stopPrice;
    order.trigger = triggerOf(stopPrice);
  }
  out.push({ type: "amended", time, clientId, quantity, ...(stopPrice === undefined ? undefined : { stopPrice }) });
}

function fund(venue: MatchedVenue, instrumentId: string, rate: Rate, mark: Price, time: number, out: VenueReport[]): void {
  const market = venue.book.instruments.get(instrumentId);
  if (market === undefined || market.position.qty === 0n) return;
  const { instrument, position } = market;
  const value = tradeValue(instrument, abs(position.qty), mark);
  const due = divide(value * rate, ONE, "halfEven") * (position.qty > 0n ? -1n : 1n);
  const amount = toMoney(due as Exact, "halfEven");
  credit(venue.book, instrument.settle, toExact(amount));
  out.push({ type: "funding", time, ref: `f${venue.book.nextId++}`, instrument: instrumentId, rate, amount, currency: instrument.settle });
}

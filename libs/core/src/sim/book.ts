import type { Exact, Money, Price, Qty } from "../domain/fixed.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Execution, OrderSpec } from "../domain/order.ts";
import type { Position } from "../ledger/position.ts";
import type { VenueOrder } from "../orders/report.ts";

/** An order at the simulated venue. */
export interface VenueSideOrder {
  readonly spec: OrderSpec;
  readonly venueId: string;
  /** When it reaches the book. */
  readonly arrivesAt: number;
  quantity: Qty;
  stopPrice: Price | undefined;
  /** Float64 of the stop or limit price, whichever it has; 0 for a market order. */
  trigger: number;
  /** A stop whose price has been reached: what a candle's volume leaves of it fills at the next first price. */
  triggered: boolean;
  filled: Qty;
  /** Budget not spent yet. */
  budgetLeft: Money;
  outcome: VenueOrder["outcome"];
  executions: Execution[];
}

/** One instrument at the simulated venue. */
export interface InstrumentBook {
  readonly instrument: Instrument;
  /** Resting or waiting for the next price, by arrival. A change makes a new list, so that a loop over it may end orders. */
  live: readonly VenueSideOrder[];
  position: Position;
  /** Price at which the position is taken; NaN until it has been worked out for the present position. */
  liquidationAt: number;
  lastPrice: number;
  /** Open time of the candle being matched, and how much of its volume is taken. */
  candleTime: number;
  volumeTaken: number;
}

/** The venue's own record of one account. */
export interface VenueBook {
  cash: Map<string, Exact>;
  readonly instruments: Map<string, InstrumentBook>;
  readonly orders: Map<string, VenueSideOrder>;
  closed: string[];
  nextId: number;
}

/** What the venue tells of an order when asked: as of now, whenever it is read. */
export function describeOrder(order: VenueSideOrder): VenueOrder {
  return {
    clientId: order.spec.clientId,
    venueId: order.venueId,
    instrument: order.spec.instrument,
    open: order.outcome === undefined,
    outcome: order.outcome,
    filled: order.filled,
    quantity: order.quantity,
    stopPrice: order.stopPrice,
    executions: [...order.executions],
  };
}

import type { CandleColumns } from "../domain/candle.ts";
import { excursion } from "./excursion.ts";
import { fillNotional, type FillRecord, type FlowRecord } from "./fills.ts";

/** One trade from flat to flat. A reversal ends one and begins the next. Amounts in the settle currency. */
export interface RoundTrip {
  readonly variant: string;
  readonly instrument: string;
  readonly direction: "long" | "short";
  readonly entryTime: number;
  readonly exitTime: number;
  /** All that was entered, in units of the position. */
  readonly quantity: number;
  /** Quantity-weighted over all entering (leaving) fills. */
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly entryNotional: number;
  /** Net of fees, funding and dividends included. */
  readonly pnl: number;
  /** pnl / entryNotional. */
  readonly returnPct: number;
  readonly fees: number;
  /** Funding and dividends: received > 0, paid < 0. */
  readonly flows: number;
  /** Leg and reason of the fill that made it flat. */
  readonly exitLeg: FillRecord["leg"];
  readonly exitReason: string;
  readonly entryReason: string;
  /** Candle closes between entry and exit; null without candles. */
  readonly bars: number | null;
  /** Worst (<= 0) and best (>= 0) move against the entry price; null without candles. */
  readonly maePct: number | null;
  readonly mfePct: number | null;
}

/** A position still held at the end of the records. */
export interface OpenTrip {
  readonly variant: string;
  readonly instrument: string;
  readonly direction: "long" | "short";
  readonly entryTime: number;
  /** What is held now. */
  readonly quantity: number;
  readonly entryPrice: number;
}

export interface RoundTrips {
  /** In order of their exit. */
  readonly closed: readonly RoundTrip[];
  readonly open: readonly OpenTrip[];
}

interface Building {
  readonly first: FillRecord;
  readonly sign: 1 | -1;
  position: number;
  entered: number;
  entryValue: number;
  entryNotional: number;
  left: number;
  exitValue: number;
  realized: number;
  fees: number;
  flows: number;
}

/**
 * Pairs fills into round trips, per variant and instrument. The fee of a fill that reverses a position is
 * shared by quantity between the trade it ends and the one it begins. Fills that close a position whose
 * entry is not among the records make no trip. `candles` by instrument, on the finest timeframe.
 */
export function roundTrips(
  fills: readonly FillRecord[],
  flows: readonly FlowRecord[],
  candles: ReadonlyMap<string, CandleColumns>,
): RoundTrips {
  const closed: RoundTrip[] = [];
  const open = new Map<string, Building>();
  let flow = 0;
  for (const fill of fills) {
    for (; flow < flows.length && flows[flow]!.seq < fill.seq; flow++) applyFlow(open, flows[flow]!);
    const key = `${fill.variant} ${fill.instrument}`;
    const sign = fill.side === "BUY" ? 1 : -1;
    let trip = open.get(key);
    let share = 1;
    if (trip && trip.sign !== sign) {
      const closing = Math.min(fill.quantity, Math.abs(trip.position));
      share = closing / fill.quantity;
      leave(trip, fill, closing, share);
      if (fill.positionAfter * trip.sign > 0) continue;
      closed.push(finish(trip, fill, candles.get(fill.instrument)));
      open.delete(key);
      trip = undefined;
      share = 1 - share;
    }
    if (fill.positionAfter * sign <= 0) continue;
    trip ??= begin(fill, sign);
    open.set(key, trip);
    enter(trip, fill, fill.quantity * share, share);
  }
  for (; flow < flows.length; flow++) applyFlow(open, flows[flow]!);
  return { closed, open: [...open.values()].map(asOpen) };
}

function begin(first: FillRecord, sign: 1 | -1): Building {
  return { first, sign, position: 0, entered: 0, entryValue: 0, entryNotional: 0, left: 0, exitValue: 0, realized: 0, fees: 0, flows: 0 };
}

function enter(trip: Building, fill: FillRecord, quantity: number, share: number): void {
  trip.entered += quantity;
  trip.entryValue += quantity * fill.price;
  trip.entryNotional += fillNotional(fill, quantity, fill.price);
  trip.fees += fill.fee * share;
  trip.position = fill.positionAfter;
}

function leave(trip: Building, fill: FillRecord, quantity: number, share: number): void {
  trip.left += quantity;
  trip.exitValue += quantity * fill.price;
  trip.realized += fill.realized;
  trip.fees += fill.fee * share;
  trip.position = fill.positionAfter;
}

function applyFlow(open: ReadonlyMap<string, Building>, flow: FlowRecord): void {
  const trip = open.get(`${flow.variant} ${flow.instrument}`);
  if (!trip) return;
  trip.flows += flow.amount;
  trip.position *= flow.ratio;
  trip.entered *= flow.ratio;
  trip.left *= flow.ratio;
}

function finish(trip: Building, last: FillRecord, columns: CandleColumns | undefined): RoundTrip {
  const { first, sign } = trip;
  const entryPrice = trip.entryValue / trip.entered;
  const pnl = trip.realized - trip.fees + trip.flows;
  return {
    variant: first.variant,
    instrument: first.instrument,
    direction: sign > 0 ? "long" : "short",
    entryTime: first.time,
    exitTime: last.time,
    quantity: trip.entered,
    entryPrice,
    exitPrice: trip.exitValue / trip.left,
    entryNotional: trip.entryNotional,
    pnl,
    returnPct: (pnl / trip.entryNotional) * 100,
    fees: trip.fees,
    flows: trip.flows,
    exitLeg: last.leg,
    exitReason: last.reason,
    entryReason: first.reason,
    ...excursion(columns, { sign, entryPrice, entryTime: first.time, exitPrice: last.price, exitTime: last.time, exitLeg: last.leg }),
  };
}

function asOpen(trip: Building): OpenTrip {
  const { variant, instrument, time } = trip.first;
  const direction = trip.sign > 0 ? "long" : "short";
  return { variant, instrument, direction, entryTime: time, quantity: Math.abs(trip.position), entryPrice: trip.entryValue / trip.entered };
}

import { assert } from "../assert.ts";
import { allocateColumns, type Candle, type CandleColumns } from "../domain/candle.ts";
import { timeframeMs, type Timeframe } from "../domain/timeframe.ts";
import { inputFailure } from "../errors.ts";
import type { BarSpan, Calendar } from "./calendar.ts";
import { isoTime } from "./civil.ts";
import { sliceColumns } from "./columns.ts";

/** Builds the candles of one coarser timeframe from the finer ones of one instrument. */
export interface Aggregator {
  /**
   * Takes the next finer candle, gives the coarser ones it closes: none, one, or two (the one left open by a
   * bar without trades, then its own). A candle at or before the newest one taken is left out: a coarser bar
   * that went out stays as it is. Throws `AGGREGATE_STRADDLES` on a candle that reaches over a bar's edge.
   */
  update(candle: Candle): readonly Candle[];
  /** Time has passed and nothing older than `time` will come: gives the open bar when its close is reached. */
  advance(time: number): readonly Candle[];
  /** Gives the bar in the making, which will not be finished here. */
  abandon(): Candle | undefined;
  snapshot(): unknown;
  restore(state: unknown): void;
}

interface State {
  /** The coarser candle in the making. */
  readonly forming: Candle | undefined;
  /** Open time of the newest finer candle taken. */
  readonly newest: number | undefined;
}

const none: readonly Candle[] = [];

/** What the rows of one bar have in common, whether they come as candles or as columns. */
function fits(span: BarSpan, openTime: number, closeTime: number): boolean {
  return openTime >= span.openTime && closeTime <= span.closeTime;
}

/** The coarser bar that holds [openTime, closeTime), or undefined outside its sessions. */
function barAround(calendar: Calendar, timeframe: Timeframe, instrument: string, openTime: number, closeTime: number): BarSpan | undefined {
  const span = calendar.bar(timeframe, openTime) ?? calendar.bar(timeframe, closeTime - 1);
  if (!span || fits(span, openTime, closeTime)) return span;
  throw inputFailure(
    "AGGREGATE_STRADDLES",
    `${instrument}: the candle ${isoTime(openTime)} to ${isoTime(closeTime)} reaches over the edge of the ${timeframe} bar ` +
      `${isoTime(span.openTime)} to ${isoTime(span.closeTime)} of calendar ${calendar.name}; build ${timeframe} from a finer timeframe`,
  );
}

function startBar(first: Candle, timeframe: Timeframe, span: BarSpan): Candle {
  return { ...first, timeframe, openTime: span.openTime, closeTime: span.closeTime, revision: 0 };
}

/** The bar with one more finer candle; it is as live as its newest part, and synthetic when every part is. */
function extendBar(bar: Candle, next: Candle): Candle {
  return {
    ...bar,
    high: next.high > bar.high ? next.high : bar.high,
    low: next.low < bar.low ? next.low : bar.low,
    close: next.close,
    volume: bar.volume + next.volume,
    origin: next.origin,
    synthetic: bar.synthetic && next.synthetic,
  };
}

/**
 * A streaming aggregator to `timeframe`. A coarser candle is given when a finer one reaches its close time or a later
 * one starts, and holds nothing after its close time. Finer candles outside the calendar's sessions go into no bar.
 */
export function aggregator(calendar: Calendar, timeframe: Timeframe): Aggregator {
  let state: State = { forming: undefined, newest: undefined };

  function take(candle: Candle): Candle | undefined {
    const { forming } = state;
    if (forming && fits(forming, candle.openTime, candle.closeTime)) return extendBar(forming, candle);
    assert(timeframeMs(candle.timeframe) < timeframeMs(timeframe), `${candle.timeframe} candles cannot be built into ${timeframe}`);
    const span = barAround(calendar, timeframe, candle.instrument, candle.openTime, candle.closeTime);
    return span && startBar(candle, timeframe, span);
  }

  function advance(time: number): readonly Candle[] {
    const { forming } = state;
    if (!forming || forming.closeTime > time) return none;
    state = { ...state, forming: undefined };
    return [forming];
  }

  return {
    update(candle) {
      if (state.newest !== undefined && candle.openTime <= state.newest) return none;
      const left = advance(candle.openTime);
      const taken = take(candle);
      state = { forming: taken ?? state.forming, newest: candle.openTime };
      const closed = advance(candle.closeTime);
      return left.length === 0 ? closed : [...left, ...closed];
    },
    advance,
    abandon() {
      const { forming } = state;
      state = { ...state, forming: undefined };
      return forming;
    },
    snapshot: () => state,
    restore(saved) {
      state = saved as State;
    },
  };
}

/**
 * The same over columns: the candles that an aggregator gives when fed every row, with the same bytes.
 * A last bar whose close no row reaches is not among them.
 */
export function aggregateColumns(columns: CandleColumns, calendar: Calendar, timeframe: Timeframe): CandleColumns {
  assert(timeframeMs(columns.timeframe) < timeframeMs(timeframe), `${columns.timeframe} candles cannot be built into ${timeframe}`);
  if (columns.length === 0) return allocateColumns(columns.instrument, timeframe, 0);
  // One more than open within the data: the first bar may have opened before it.
  const bars = calendar.countBars(timeframe, columns.openTime[0]!, columns.closeTime[columns.length - 1]!) + 1;
  const out = allocateColumns(columns.instrument, timeframe, Math.min(bars, columns.length));
  let span: BarSpan | undefined;
  let rows = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < columns.length; i++) {
    const openTime = columns.openTime[i]!;
    const closeTime = columns.closeTime[i]!;
    reached = closeTime;
    if (span && fits(span, openTime, closeTime)) {
      extendRow(out, rows - 1, columns, i);
      continue;
    }
    const next = barAround(calendar, timeframe, columns.instrument, openTime, closeTime);
    if (!next) continue;
    span = next;
    startRow(out, rows++, span, columns, i);
  }
  return sliceColumns(out, 0, span && span.closeTime > reached ? rows - 1 : rows);
}

function startRow(out: CandleColumns, row: number, span: BarSpan, from: CandleColumns, i: number): void {
  out.openTime[row] = span.openTime;
  out.closeTime[row] = span.closeTime;
  out.open[row] = from.open[i]!;
  out.high[row] = from.high[i]!;
  out.low[row] = from.low[i]!;
  out.close[row] = from.close[i]!;
  out.volume[row] = from.volume[i]!;
}

function extendRow(out: CandleColumns, row: number, from: CandleColumns, i: number): void {
  if (from.high[i]! > out.high[row]!) out.high[row] = from.high[i]!;
  if (from.low[i]! < out.low[row]!) out.low[row] = from.low[i]!;
  out.close[row] = from.close[i]!;
  out.volume[row] = out.volume[row]! + from.volume[i]!;
}

import type { Timeframe } from "./timeframe.ts";

/** Where a candle came from. Only `live` ones may lead to an entry. A backtest's own candles are `live`. */
export type CandleOrigin = "live" | "backfill" | "warmup";

/** One closed bar. Times are ms since the epoch, from the instrument's session calendar. */
export interface Candle {
  readonly instrument: string;
  readonly timeframe: Timeframe;
  readonly openTime: number;
  readonly closeTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** 0 first, then 1, 2 ... for corrections of the same bar. */
  readonly revision: number;
  readonly origin: CandleOrigin;
  /** Made by us to fill a bar without trades. */
  readonly synthetic: boolean;
}

/** Candles of one instrument and timeframe as columns of equal length, oldest first. */
export interface CandleColumns {
  readonly instrument: string;
  readonly timeframe: Timeframe;
  readonly length: number;
  readonly openTime: Float64Array;
  readonly closeTime: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** The candle at row `i`, as a live, first-revision candle. */
export function candleAt(columns: CandleColumns, i: number): Candle {
  return {
    instrument: columns.instrument,
    timeframe: columns.timeframe,
    openTime: columns.openTime[i]!,
    closeTime: columns.closeTime[i]!,
    open: columns.open[i]!,
    high: columns.high[i]!,
    low: columns.low[i]!,
    close: columns.close[i]!,
    volume: columns.volume[i]!,
    revision: 0,
    origin: "live",
    synthetic: false,
  };
}

/** Empty columns with room for `length` rows. */
export function allocateColumns(instrument: string, timeframe: Timeframe, length: number): CandleColumns {
  const column = () => new Float64Array(length);
  return {
    instrument,
    timeframe,
    length,
    openTime: column(),
    closeTime: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
  };
}

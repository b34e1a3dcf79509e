import fc from "fast-check";
import type { Candle, CandleColumns } from "../src/domain/candle.ts";
import { allocateColumns } from "../src/domain/candle.ts";
import type { Timeframe } from "../src/domain/timeframe.ts";
import type { BarSpan, Calendar } from "../src/market/calendar.ts";

/** A candle on a bar, with prices that are a function of `seed`. */
export function candleOn(span: BarSpan, timeframe: Timeframe, seed: number): Candle {
  const close = 100 + (seed % 17) / 7;
  const open = 100 + (seed % 13) / 3;
  return {
    instrument: "TEST",
    timeframe,
    openTime: span.openTime,
    closeTime: span.closeTime,
    open,
    high: Math.max(open, close) + (seed % 5) / 9,
    low: Math.min(open, close) - (seed % 7) / 11,
    close,
    volume: (seed % 1001) / 10,
    revision: 0,
    origin: seed % 3 === 0 ? "backfill" : "live",
    synthetic: seed % 4 === 0,
  };
}

/** Up to `bars` consecutive bars of the calendar from a random moment, some left out. */
export function somePath(calendar: Calendar, timeframe: Timeframe, bars: number): fc.Arbitrary<Candle[]> {
  const start = fc.integer({ min: Date.parse("2001-01-01"), max: Date.parse("2026-01-01") });
  return fc.tuple(start, fc.array(fc.option(fc.nat(), { freq: 4 }), { minLength: 1, maxLength: bars })).map(([from, seeds]) => {
    const path: Candle[] = [];
    let span = calendar.nextBar(timeframe, from);
    for (const seed of seeds) {
      if (seed !== null) path.push(candleOn(span, timeframe, seed));
      span = calendar.nextBar(timeframe, span.closeTime);
    }
    return path;
  });
}

export function toColumns(candles: readonly Candle[], timeframe: Timeframe): CandleColumns {
  const columns = allocateColumns("TEST", timeframe, candles.length);
  for (const [i, candle] of candles.entries())
    for (const key of ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const) columns[key][i] = candle[key];
  return columns;
}

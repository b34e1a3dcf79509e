import type { CandleColumns } from "../domain/candle.ts";
import type { Calendar } from "../market/calendar.ts";

/** Bars missing from one instrument's candles. */
export interface DataGaps {
  readonly instrument: string;
  /** Places where bars are missing, and how many bars in all. */
  readonly gaps: number;
  readonly bars: number;
  /** Close time (ms) of the last bar before the first gap. */
  readonly firstAfter: number;
}

/** Bars that the calendar has between two consecutive candles and the data lacks; undefined when none is missing. */
export function dataGaps(columns: CandleColumns, calendar: Calendar): DataGaps | undefined {
  let gaps = 0;
  let bars = 0;
  let firstAfter = 0;
  for (let i = 1; i < columns.length; i++) {
    const from = columns.closeTime[i - 1]!;
    const to = columns.openTime[i]!;
    const missing = to > from ? calendar.countBars(columns.timeframe, from, to) : 0;
    if (missing === 0) continue;
    if (gaps === 0) firstAfter = from;
    gaps++;
    bars += missing;
  }
  return gaps > 0 ? { instrument: columns.instrument, gaps, bars, firstAfter } : undefined;
}

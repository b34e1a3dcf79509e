import type { CandleColumns } from "../domain/candle.ts";
import type { Calendar } from "../market/calendar.ts";

/** Bars missing from one instrument's candles. */
export interface DataGaps {
  readonly instrument: string;
  readonly gaps: number;
  /** Open time (ms) of the first missing bar. */
  readonly firstMissing: number;
}

/** Places where the calendar has a bar between two consecutive candles and the data does not; undefined when there is none. */
export function dataGaps(columns: CandleColumns, calendar: Calendar): DataGaps | undefined {
  let gaps = 0;
  let firstMissing = 0;
  for (let i = 1; i < columns.length; i++) {
    const previousClose = columns.closeTime[i - 1]!;
    if (columns.openTime[i]! <= previousClose) continue;
    const expected = calendar.nextBar(columns.timeframe, previousClose).openTime;
    if (expected >= columns.openTime[i]!) continue;
    if (gaps === 0) firstMissing = expected;
    gaps++;
  }
  return gaps > 0 ? { instrument: columns.instrument, gaps, firstMissing } : undefined;
}

import type { CandleColumns } from "../domain/candle.ts";
import { timeframeMs } from "../domain/timeframe.ts";
import type { Calendar } from "../market/calendar.ts";

/** A stretch that the calendar trades and the data lacks, ms: from the close before it to the open after it. */
export interface Hole {
  readonly from: number;
  readonly to: number;
}

/** As many windows as this missing in one place make a hole; bars without trades are missing in many, and mean nothing. */
const WINDOWS_LEAST = 10;

/** Where the data stops and goes on much later: the prices on both sides are of two markets, and the step between them of none. */
export function holesIn(bars: CandleColumns, calendar: Calendar, window: number): Hole[] {
  const { timeframe, openTime, closeTime, length } = bars;
  const least = WINDOWS_LEAST * window;
  const holes: Hole[] = [];
  for (let row = 1; row < length; row++) {
    const [from, to] = [closeTime[row - 1]!, openTime[row]!];
    if (to - from > least * timeframeMs(timeframe) && calendar.countBars(timeframe, from, to) > least) holes.push({ from, to });
  }
  return holes;
}

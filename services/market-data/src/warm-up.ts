import { aggregationSteps, timeframeMs, type AggregationChain, type Calendar, type Candle, type Timeframe } from "@tradewind/core";
import type { FeedSeries } from "@tradewind/venues";

/** Up to `bars` bars of each timeframe that closed by `time`, in the order of their closes, as warm-up. */
export async function warmUpBars(
  series: FeedSeries,
  calendar: Calendar,
  timeframes: readonly Timeframe[],
  time: number,
  bars: number,
): Promise<readonly Candle[]> {
  const all: Candle[] = [];
  if (bars > 0)
    for (const timeframe of timeframes) {
      const past = await series.history(timeframe, barsBefore(calendar, timeframe, time, bars + 1), time);
      for (const candle of past.slice(-bars)) all.push({ ...candle, origin: "warmup" });
    }
  return all.sort((a, b) => a.closeTime - b.closeTime || timeframeMs(a.timeframe) - timeframeMs(b.timeframe));
}

/** Puts into the chain what is over of each bar that is open at `time`, from history at the next finer timeframe. */
export async function primeChain(chain: AggregationChain, series: FeedSeries, calendar: Calendar, time: number): Promise<void> {
  const to = chain.timeframes.at(-1);
  if (to === undefined) return;
  for (const { timeframe, source } of aggregationSteps(calendar, series.base, to).toReversed()) {
    const open = calendar.bar(timeframe, time);
    if (open === undefined || open.openTime >= time) continue;
    for (const candle of await series.history(source, open.openTime, time)) chain.update({ ...candle, origin: "warmup" });
  }
}

/** A time from which at least `bars` bars open before `time`, as late as possible. */
function barsBefore(calendar: Calendar, timeframe: Timeframe, time: number, bars: number): number {
  const enough = (length: number): boolean => calendar.countBars(timeframe, time - length, time) >= bars;
  let length = bars * timeframeMs(timeframe);
  while (!enough(length)) length *= 2;
  for (let step = length / 2; step >= timeframeMs(timeframe); step /= 2) if (enough(length - step)) length -= step;
  return time - length;
}

import type { CandleColumns } from "@tradewind/core";

/** Candles by bucket: close time, lowest low, highest high and last close. Columns of equal length. */
export interface Envelope {
  readonly time: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly close: Float64Array;
}

/** Folds candles into at most `buckets` wider ones, so that no extreme is lost. */
export function envelope(columns: CandleColumns, buckets: number): Envelope {
  const count = Math.min(buckets, columns.length);
  const column = () => new Float64Array(count);
  const result = { time: column(), low: column(), high: column(), close: column() };
  for (let bucket = 0; bucket < count; bucket++) {
    const from = Math.floor((bucket * columns.length) / count);
    const to = Math.floor(((bucket + 1) * columns.length) / count);
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      low = Math.min(low, columns.low[i]!);
      high = Math.max(high, columns.high[i]!);
    }
    result.time[bucket] = columns.closeTime[to - 1]!;
    result.low[bucket] = low;
    result.high[bucket] = high;
    result.close[bucket] = columns.close[to - 1]!;
  }
  return result;
}

import type { CandleColumns } from "@tradewind/core";

/**
 * Indices of the points that draw the same line at a width of `buckets` pixels: first, lowest, highest and last
 * of each bucket, ascending and unique; all of them when there are at most four per bucket.
 * Source: U. Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014.
 */
export function m4Indices(values: Float64Array, buckets: number): Uint32Array {
  const n = values.length;
  if (n <= buckets * 4) return Uint32Array.from({ length: n }, (_, i) => i);
  const kept: number[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * n) / buckets);
    const to = Math.floor(((bucket + 1) * n) / buckets);
    let low = from;
    let high = from;
    for (let i = from + 1; i < to; i++) {
      if (values[i]! < values[low]!) low = i;
      if (values[i]! > values[high]!) high = i;
    }
    kept.push(from, Math.min(low, high), Math.max(low, high), to - 1);
  }
  return unique(kept);
}

/** The union of ascending index lists. */
export function mergeIndices(...lists: readonly Uint32Array[]): Uint32Array {
  return unique(lists.flatMap((list) => [...list]).sort((a, b) => a - b));
}

function unique(ascending: readonly number[]): Uint32Array {
  return Uint32Array.from(ascending.filter((value, i) => value !== ascending[i - 1]));
}

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

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

/**
 * Page-Hinkley test (Page, 1954; Hinkley, 1971) for a mean that grows: of a loss, so for a model that has become worse
 * than it was. Values count in standard deviations of their own past, so one setting serves any loss.
 */
export interface Drift {
  /** Values so far, their mean and their summed squared deviation from it (Welford). */
  count: number;
  mean: number;
  squares: number;
  /** Sum of how far values lay above the mean, less the tolerance each, and its least so far. */
  sum: number;
  least: number;
}

/** A mean that lies higher by less than this many deviations is no drift. */
const TOLERANCE = 0.1;
/** How far the sum may rise above its least. About one alarm in 200,000 values that do not change. */
const THRESHOLD = 40;
/** Values before the first alarm. */
const WARMUP = 100;
/** A value counts at most this many deviations: no single close is a drift. */
const VALUE_MOST = 4;

export function createDrift(): Drift {
  return { count: 0, mean: 0, squares: 0, sum: 0, least: 0 };
}

/** Folds a value; true when the mean has grown. Then begin a new one. */
export function drifts(drift: Drift, value: number): boolean {
  const deviation = drift.count > 1 ? Math.sqrt(drift.squares / (drift.count - 1)) : 0;
  const above = deviation > 0 ? (value - drift.mean) / deviation : 0;
  drift.count += 1;
  const difference = value - drift.mean;
  drift.mean += difference / drift.count;
  drift.squares += difference * (value - drift.mean);
  if (drift.count <= WARMUP) return false;
  drift.sum += Math.max(-VALUE_MOST, Math.min(VALUE_MOST, above)) - TOLERANCE;
  drift.least = Math.min(drift.least, drift.sum);
  return drift.sum - drift.least > THRESHOLD;
}

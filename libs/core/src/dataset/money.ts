import { createPrng, type Prng } from "../sim/prng.ts";
import { DOWN, UP, type Dataset } from "./dataset.ts";

/** A mean with how sure it is. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
  /** Ends of the 95 % interval; NaN where the rows are too few to say. */
  readonly low: number;
  readonly high: number;
}

/** What acting on every row would have earned per row, as a share of the entry price, after costs. */
export interface MoneyFigure extends Estimate {
  /** Rows on which a position was taken. */
  readonly acted: number;
}

const RESAMPLES = 1_000;

/**
 * The return of each row when a position is entered on what was said and left at the label's end: each row is a trade
 * of its own that pays for entering and leaving. DOWN on what cannot be sold short is no position.
 */
export function actedReturns(dataset: Dataset, rows: Int32Array, saidOf: (i: number) => number): { returns: Float64Array; acted: number } {
  const { longReturn, shortReturn, canShort } = dataset;
  let acted = 0;
  const returns = Float64Array.from(rows, (row, i) => {
    const said = saidOf(i);
    if (said !== UP && !(said === DOWN && canShort)) return 0;
    acted++;
    return said === UP ? longReturn[row]! : shortReturn[row]!;
  });
  return { returns, acted };
}

/** Overlaps in a block: what two rows share is lost where a block ends between them, so one overlap would be far too few. */
const OVERLAPS = 3;

/** Rows that a block of the bootstrap needs so that rows whose labels overlap stay together. */
export function blockLength({ closeTime, labelEnd }: Dataset, rows: Int32Array): number {
  let most = 1;
  for (let i = 0, end = 0; i < rows.length; i++) {
    while (end < rows.length && closeTime[rows[end]!]! < labelEnd[rows[i]!]!) end++;
    most = Math.max(most, end - i);
  }
  return Math.min(rows.length, Math.max(OVERLAPS * most, Math.ceil(Math.cbrt(rows.length))));
}

/**
 * The mean of `values` with the spread of a circular block bootstrap, wider by what so few blocks cannot show; no
 * interval for less than two blocks, which are all there is whichever are drawn. The same seed gives the same figures.
 */
export function bootstrapMean(values: Float64Array, block: number, seed: number): Estimate {
  const { length } = values;
  const sums = new Float64Array(length + 1);
  for (let i = 0; i < length; i++) sums[i + 1] = sums[i]! + values[i]!;
  const mean = length === 0 ? 0 : sums[length]! / length;
  const blocks = length / block;
  if (!(blocks >= 2)) return { mean, standardError: NaN, low: NaN, high: NaN };
  const prng = createPrng(seed);
  const means = Float64Array.from({ length: RESAMPLES }, () => resampledMean(sums, length, block, prng)).sort();
  let spread = 0;
  const centre = means.reduce((sum, one) => sum + one, 0) / RESAMPLES;
  for (const one of means) spread += (one - centre) ** 2;
  // Blocks deviate from their own mean less than from the true one, as with any sample.
  const missing = Math.sqrt(blocks / (blocks - 1));
  const wider = missing * quantileRatio(blocks - 1);
  return {
    mean,
    standardError: missing * Math.sqrt(spread / (RESAMPLES - 1)),
    low: mean + wider * (means[Math.floor(RESAMPLES * 0.025)]! - mean),
    high: mean + wider * (means[Math.ceil(RESAMPLES * 0.975) - 1]! - mean),
  };
}

/** 97.5 % quantile of Student's t over that of the normal distribution (Abramowitz and Stegun 26.7.5, two terms). */
function quantileRatio(freedom: number): number {
  const z = 1.959964;
  return 1 + (z ** 2 + 1) / (4 * freedom) + (5 * z ** 4 + 16 * z ** 2 + 3) / (96 * freedom ** 2);
}

/** The mean of as many values as there are, in blocks that begin anywhere and go round the end. */
function resampledMean(sums: Float64Array, length: number, block: number, prng: Prng): number {
  let sum = 0;
  for (let left = length; left > 0; left -= block) {
    const size = Math.min(block, left);
    const start = prng.below(length);
    const end = start + size;
    sum += end <= length ? sums[end]! - sums[start]! : sums[length]! - sums[start]! + sums[end - length]!;
  }
  return sum / length;
}

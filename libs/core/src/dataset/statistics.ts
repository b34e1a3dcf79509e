import { directionLabels, type Dataset } from "./dataset.ts";

/** Mean and deviation of each channel, [timeframes * features]: all features of the first timeframe, then all of the second. */
export interface Normaliser {
  readonly mean: Float32Array;
  /** A deviation of 0, of a channel that never changes, counts as 1. */
  readonly deviation: Float32Array;
}

/** A channel that varies less than this says nothing: it is only centred, so that no later wiggle is blown up. */
const DEVIATION_LEAST = 1e-9;

/** Of these rows alone, summed in float64. A row's whole window counts. */
export function normaliserOf({ matrix, x, rowSize }: Pick<Dataset, "matrix" | "x" | "rowSize">, rows: Int32Array): Normaliser {
  const { window } = matrix;
  const width = matrix.features.length;
  const channels = matrix.timeframes.length * width;
  const count = rows.length * window;
  const mean = new Float64Array(channels);
  const squares = new Float64Array(channels);

  /** Calls `take` with each value and its channel. */
  function each(take: (value: number, channel: number) => void): void {
    for (const row of rows)
      for (let at = 0; at < rowSize; at++) {
        const block = Math.floor(at / (window * width));
        take(x[row * rowSize + at]!, block * width + (at % width));
      }
  }

  // In two passes: the difference of two large sums would lose what varies little.
  each((value, channel) => void (mean[channel]! += value));
  for (let channel = 0; channel < channels; channel++) mean[channel]! /= count;
  each((value, channel) => void (squares[channel]! += (value - mean[channel]!) ** 2));
  const deviation = squares.map((sum) => Math.sqrt(sum / count));
  return {
    mean: Float32Array.from(mean),
    deviation: Float32Array.from(deviation, (value) => (value < DEVIATION_LEAST ? 1 : value)),
  };
}

/** Rows of each label. */
export function labelCounts({ label }: Pick<Dataset, "label">, rows: Int32Array): number[] {
  const counts = directionLabels.map(() => 0);
  for (const row of rows) counts[label[row]!]!++;
  return counts;
}

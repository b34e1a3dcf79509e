import { inputFailure } from "../errors.ts";
import type { Dataset } from "./dataset.ts";

/** Rows to learn from and the later ones to judge by; indices into the data set, ascending. */
export interface Fold {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  /** Rows before the validation that were left out of `train` because their label reaches into it. */
  readonly purged: number;
}

export interface WalkForwardOptions {
  readonly folds: number;
  /** Share of all rows that lies before the first validation, above 0 and below 1. */
  readonly minTrain: number;
  /** Time between the end of the last label learnt from and what the first validation row sees, ms. */
  readonly embargoMs: number;
}

type Times = Pick<Dataset, "rows" | "featureStart" | "closeTime" | "labelEnd">;

/**
 * Walk-forward folds: the rows after `minTrain` in `folds` blocks of equal size, each judged by what was learnt on the
 * rows before it. No label that is learnt from ends after the oldest bar that a validation row sees (purge), nor within
 * `embargoMs` before it. Throws `BAD_SPLIT`, and `TOO_FEW_ROWS` when a fold would have nothing to learn from or judge by.
 */
export function walkForward(dataset: Times, { folds, minTrain, embargoMs }: WalkForwardOptions): Fold[] {
  if (!Number.isInteger(folds) || folds < 1 || !(minTrain > 0 && minTrain < 1) || !(embargoMs >= 0))
    throw inputFailure(
      "BAD_SPLIT",
      `${folds} folds after a share of ${minTrain} with an embargo of ${embargoMs} ms: give at least 1 fold, a share above 0 and below 1, no negative time`,
    );
  const { rows } = dataset;
  const start = Math.round(rows * minTrain);
  const edge = (fold: number): number => start + Math.floor(((rows - start) * fold) / folds);
  return Array.from({ length: folds }, (_, i) => {
    const validation = Int32Array.from({ length: edge(i + 1) - edge(i) }, (_unused, row) => edge(i) + row);
    const train = validation.length === 0 ? validation : rowsBefore(dataset, validation, embargoMs);
    if (train.length === 0 || validation.length === 0)
      throw inputFailure(
        "TOO_FEW_ROWS",
        `fold ${i + 1} of ${folds} has ${train.length} rows to learn from and ${validation.length} to judge by, of ${rows} in all; give more candles, fewer folds or a shorter horizon`,
      );
    return { train, validation, purged: edge(i) - train.length };
  });
}

/** The rows before `validation` whose label is over, with the embargo, before anything it sees. */
export function rowsBefore({ featureStart, closeTime, labelEnd }: Times, validation: Int32Array, embargoMs: number): Int32Array {
  let seenFrom = Infinity;
  for (const row of validation) seenFrom = Math.min(seenFrom, featureStart[row]!, closeTime[row]!);
  const kept: number[] = [];
  for (let row = 0; row < validation[0]!; row++) if (labelEnd[row]! + embargoMs <= seenFrom) kept.push(row);
  return Int32Array.from(kept);
}

import { createPrng, scoreOf, type Dataset } from "@tradewind/core";
import type { CardImportance } from "../card/model.ts";
import { inChunks, labelsOf, matricesOf } from "../learners/rows.ts";
import type { Prepared } from "./prepare.ts";
import type { Trained } from "./run.ts";

/** Rows looked at: enough to tell features apart, few enough to be quick for every family. */
const ROWS_MOST = 1_000;

/**
 * How much worse the log loss of held-out rows becomes when a feature is taken from other rows, whole windows at a time
 * (permutation importance), as shares of all. Null when no feature makes it worse.
 */
export async function importanceOf({ dataset, plan, training }: Prepared, { folds, learner }: Trained): Promise<CardImportance[] | null> {
  const { rows } = folds.at(-1)!;
  const count = Math.min(ROWS_MOST, rows.length);
  const some = Int32Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!);
  const own: Pick<Dataset, "x" | "rowSize" | "label"> = {
    x: matricesOf(dataset, some),
    rowSize: dataset.rowSize,
    label: labelsOf(dataset, some),
  };
  const all = Int32Array.from(some, (_, i) => i);
  const lossOf = async (x: Float32Array): Promise<number> => {
    const said = await inChunks({ x, rowSize: own.rowSize }, all, (matrices, n) => learner.probabilities(matrices, n));
    return scoreOf(own, all, said).logLoss;
  };
  const usual = await lossOf(own.x);
  const { features } = plan.matrix;
  const worse: number[] = [];
  for (let f = 0; f < features.length; f++) {
    const from = drawnOrder(count, training.seed + f);
    const x = own.x.slice();
    for (let row = 0; row < count; row++)
      for (let i = f; i < own.rowSize; i += features.length) x[row * own.rowSize + i] = own.x[from[row]! * own.rowSize + i]!;
    worse.push(Math.max(0, (await lossOf(x)) - usual));
  }
  const sum = worse.reduce((total, one) => total + one, 0);
  if (sum === 0) return null;
  return features.map(({ name }, f) => ({ feature: name, share: worse[f]! / sum })).sort((a, b) => b.share - a.share);
}

function drawnOrder(count: number, seed: number): Int32Array {
  const prng = createPrng(seed);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = prng.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

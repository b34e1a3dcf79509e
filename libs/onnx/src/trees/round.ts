import { createPrng, type Prng } from "@tradewind/core";
import { binRows, quantileCuts } from "./bins.ts";
import { histogramPool } from "./histogram.ts";
import type { GbdtSettings } from "./settings.ts";
import { growTree, type GrowRules, type Tree } from "./tree.ts";

/** What every round learns from. */
export interface TrainingRows {
  /** [rows x width], row-major. */
  readonly x: Float32Array;
  readonly rows: number;
  readonly width: number;
  /** Number of the class of each row. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly seed: number;
}

/** Grows the trees of a round, as a function of its number and of what the trees before it say. */
export function roundGrower(options: TrainingRows, settings: GbdtSettings): (round: number, probabilities: Float32Array) => Tree[] {
  const { x, rows, width, labels, classes, seed } = options;
  const cuts = quantileCuts(x, rows, width, settings.bins);
  const binned = { bins: binRows(x, rows, cuts), width, binCount: settings.bins };
  const pool = histogramPool(binned);
  const gradients = new Float32Array(rows);
  const hessians = new Float32Array(rows);
  const rules: GrowRules = {
    leaves: settings.leaves,
    learningRate: settings.learning_rate,
    l2: settings.l2,
    minLeafWeight: settings.min_leaf_weight,
    minGain: settings.min_gain,
  };
  return (round, probabilities) => {
    // Each round has a generator of its own, so that training can go on from any of them.
    const prng = createPrng(seed ^ Math.imul(round + 1, 0x9e3779b1));
    const drawn = drawRows(prng, rows, settings.row_share);
    return classes.map((_, label) => {
      for (let row = 0; row < rows; row++) {
        const probability = probabilities[row * classes.length + label]!;
        gradients[row] = probability - (labels[row] === label ? 1 : 0);
        hessians[row] = Math.max(probability * (1 - probability), 1e-6);
      }
      const columns = drawColumns(prng, width, settings.feature_share);
      return growTree({ binned, cuts, gradients, hessians, columns, pool }, drawn.slice(), rules);
    });
  };
}

function drawRows(prng: Prng, rows: number, share: number): Int32Array {
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  if (share === 1) return all;
  const drawn = all.filter(() => prng.chance(share));
  return drawn.length > 0 ? drawn : all;
}

/** `share` of the columns, at least one, in rising order. */
function drawColumns(prng: Prng, width: number, share: number): Int32Array {
  const columns = Int32Array.from({ length: width }, (_, column) => column);
  const count = Math.max(1, Math.round(width * share));
  if (count === width) return columns;
  for (let i = 0; i < count; i++) {
    const other = i + prng.below(width - i);
    [columns[i], columns[other]] = [columns[other]!, columns[i]!];
  }
  return columns.subarray(0, count).sort();
}

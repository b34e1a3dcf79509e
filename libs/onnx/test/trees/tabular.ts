import { createPrng } from "@tradewind/core";
import type { LabelledRows } from "../../src/index.ts";

export const TABULAR_WIDTH = 40;
export const TABULAR_CLASSES = ["down", "flat", "up"] as const;

/**
 * A planted table: 40 normal columns, of which nine speak for three classes by thresholds, products and distances; the
 * rest is noise, and so is a part of every class's score. Who knew the rule would name `bayes` of the rows rightly.
 */
export function tabularTask(rows: number, seed: number): LabelledRows & { readonly bayes: number } {
  const prng = createPrng(seed);
  const x = new Float32Array(rows * TABULAR_WIDTH);
  const labels = new Int32Array(rows);
  let knowable = 0;
  for (let row = 0; row < rows; row++) {
    const own = x.subarray(row * TABULAR_WIDTH, (row + 1) * TABULAR_WIDTH);
    for (let i = 0; i < TABULAR_WIDTH; i++) own[i] = prng.normal();
    const scores = rule(own);
    const noisy = scores.map((score) => score + 0.3 * prng.normal());
    labels[row] = argmax(noisy);
    if (argmax(scores) === labels[row]) knowable++;
  }
  return { x, rows, labels, bayes: knowable / rows };
}

function rule(x: Float32Array): number[] {
  const [a, b, c, d, e, f, g, h, i] = x as unknown as [number, number, number, number, number, number, number, number, number];
  return [a * b + (c > 0.3 ? 1.2 : 0), d ** 2 + (e < -0.2 ? f : -f), 1.5 * Math.abs(g) + h - 0.8 * (i > 0 ? 1 : 0)];
}

export function argmax(values: ArrayLike<number>, start = 0, length = values.length): number {
  let best = 0;
  for (let i = 1; i < length; i++) if (values[start + i]! > values[start + best]!) best = i;
  return best;
}

/** Share of rows whose most probable class is the right one. */
export function accuracy(probabilities: Float32Array, labels: Int32Array, classes: number): number {
  let right = 0;
  for (let row = 0; row < labels.length; row++) if (argmax(probabilities, row * classes, classes) === labels[row]) right++;
  return right / labels.length;
}

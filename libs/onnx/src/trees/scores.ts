import { leafOf, type Tree } from "./tree.ts";

/** Keeps the logarithm of a class that no row has finite. */
const RARE = 1e-6;

/** Where all scores begin: the logarithm of each class's share of the rows. */
export function baseScores(labels: Int32Array, classes: number): number[] {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]!++;
  return Array.from(counts, (count) => Math.fround(Math.log(Math.max(count / labels.length, RARE))));
}

/** Scores of each row and class before any tree. */
export function firstScores(base: readonly number[], rows: number): Float64Array {
  return Float64Array.from({ length: rows * base.length }, (_, i) => base[i % base.length]!);
}

/** Adds to the scores what one round says, a tree per class. */
export function addRound(scores: Float64Array, trees: readonly Tree[], x: Float32Array, width: number): void {
  const classes = trees.length;
  for (const [label, tree] of trees.entries())
    for (let at = label, start = 0; at < scores.length; at += classes, start += width) scores[at]! += tree.value[leafOf(tree, x, start)]!;
}

/** Softmax of each row's scores, into `probabilities`. */
export function softmaxRows(scores: Float64Array, classes: number, probabilities: Float32Array): Float32Array {
  for (let start = 0; start < scores.length; start += classes) {
    let largest = -Infinity;
    for (let i = start; i < start + classes; i++) largest = Math.max(largest, scores[i]!);
    let total = 0;
    for (let i = start; i < start + classes; i++) total += probabilities[i] = Math.exp(scores[i]! - largest);
    for (let i = start; i < start + classes; i++) probabilities[i]! /= total;
  }
  return probabilities;
}

/** Mean negative logarithm of the probability of what came. */
export function logLoss(probabilities: Float32Array, labels: Int32Array, classes: number): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row++) sum -= Math.log(Math.max(probabilities[row * classes + labels[row]!]!, 1e-12));
  return sum / labels.length;
}

import { createHash } from "node:crypto";
import type { MatrixPlan } from "@tradewind/core";
import { regimeValues, scaled, type RegimeScale } from "./regimes.ts";

/**
 * A softmax over sums of what the members say, in logarithms, each weight of which may depend on the regime:
 * scores = [L, z1 L, z2 L, z1, z2, 1] W, with L the logarithms of all members' probabilities and z the regimes to scale.
 * With a 1 for each class of one member and 0 elsewhere it says exactly what that member says.
 */
export interface MetaHead {
  /** Names of the members, in the order of their logarithms. */
  readonly members: readonly string[];
  readonly classes: readonly string[];
  readonly regimes: readonly RegimeScale[];
  /** [inputs x classes], row-major, the constant's row last. */
  readonly weights: Float32Array;
}

/** Members that are sure are taken for no surer than this; the logarithm needs a floor. */
export const LEAST_PROBABILITY = 1e-6;

/** Rows of the weights: numbers that go into the head, the constant 1 among them. */
export function headInputs(members: number, classes: number, regimes: number): number {
  return members * classes * (1 + regimes) + regimes + 1;
}

/** What goes into a head for each row, [rows x inputs]. `predictions` are [rows x classes] of each member. */
export function headRows(
  predictions: readonly Float32Array[],
  classes: number,
  regimes: readonly RegimeScale[],
  values: Float64Array,
  rows: number,
): Float64Array {
  const width = headInputs(predictions.length, classes, regimes.length);
  const logs = predictions.length * classes;
  const inputs = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const own = inputs.subarray(row * width, (row + 1) * width);
    for (let m = 0; m < predictions.length; m++)
      for (let k = 0; k < classes; k++) own[m * classes + k] = Math.log(Math.max(predictions[m]![row * classes + k]!, LEAST_PROBABILITY));
    for (let r = 0; r < regimes.length; r++) {
      const regime = scaled(values[row * regimes.length + r]!, regimes[r]!);
      for (let i = 0; i < logs; i++) own[(r + 1) * logs + i] = own[i]! * regime;
      own[(regimes.length + 1) * logs + r] = regime;
    }
    own[width - 1] = 1;
  }
  return inputs;
}

/** Softmax of inputs times weights, [rows x classes]. */
export function headOutputs(inputs: Float64Array, weights: ArrayLike<number>, rows: number, classes: number): Float64Array {
  const width = inputs.length / rows;
  const outputs = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const own = outputs.subarray(row * classes, (row + 1) * classes);
    for (let i = 0; i < width; i++) {
      const value = inputs[row * width + i]!;
      for (let k = 0; k < classes; k++) own[k]! += value * weights[i * classes + k]!;
    }
    const largest = own.reduce((most, score) => Math.max(most, score));
    let total = 0;
    for (let k = 0; k < classes; k++) total += own[k] = Math.exp(own[k]! - largest);
    for (let k = 0; k < classes; k++) own[k]! /= total;
  }
  return outputs;
}

/** What a trained head says, [rows x classes], of its members' predictions for raw matrices. */
export function applyMetaHead(
  head: MetaHead,
  plan: MatrixPlan,
  predictions: readonly Float32Array[],
  x: Float32Array,
  rows: number,
): Float32Array {
  const { classes, regimes, weights } = head;
  const values = regimes.length === 0 ? new Float64Array(0) : regimeValues(plan, x, rows);
  const inputs = headRows(predictions, classes.length, regimes, values, rows);
  return Float32Array.from(headOutputs(inputs, weights, rows, classes.length));
}

/** SHA-256 in hex of everything the head has learnt. */
export function metaHeadHash({ regimes, weights }: MetaHead): string {
  return createHash("sha256")
    .update(JSON.stringify([regimes, [...weights]]))
    .digest("hex");
}

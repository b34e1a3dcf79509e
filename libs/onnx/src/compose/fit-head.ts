import { headOutputs } from "./meta-head.ts";
import { minimise, type Slope } from "./minimise.ts";

/** Rows of a head with their classes. */
export interface HeadRows {
  /** [rows x inputs]. */
  readonly inputs: Float64Array;
  readonly labels: Int32Array;
}

export interface FitRules {
  /** The least pull back to the start that is tried. */
  readonly l2: number;
  /** Steps at most for each pull. */
  readonly steps: number;
}

const STRONGEST_PULL = 10;
/** Each pull is so much weaker than the one before. */
const WEAKER = 10 ** 0.5;
/** Weaker pulls that are tried after the best one so far. */
const PATIENCE = 2;
const LEAST_PROBABILITY = 1e-12;

/** Mean negative logarithm of what `weights` give to the classes that came. */
export function headLoss({ inputs, labels }: HeadRows, weights: Float64Array, classes: number): number {
  return lossOf(headOutputs(inputs, weights, labels.length, classes), labels, classes);
}

/**
 * Multinomial logistic regression, pulled back to `start`. The pull is loosened until the rows of `validation` are no
 * longer predicted better; the weights given are those they are predicted best with, which may be the start itself.
 * Convex, in float64 over all rows at once: the same rows give the same weights.
 */
export function fitHead(
  train: HeadRows,
  validation: HeadRows,
  start: Float64Array,
  classes: number,
  { l2, steps }: FitRules,
): { weights: Float64Array; curve: number[] } {
  const curve: number[] = [];
  let weights = start;
  let best = { weights: start, loss: headLoss(validation, start, classes) };
  let since = 0;
  for (let pull = STRONGEST_PULL; pull >= l2 * 0.999 && since < PATIENCE; pull /= WEAKER) {
    weights = minimise(
      (at) => slopeOf(train, at, start, classes, pull),
      weights,
      steps,
      (value) => curve.push(value),
    );
    const loss = headLoss(validation, weights, classes);
    since = loss < best.loss ? 0 : since + 1;
    if (since === 0) best = { weights, loss };
  }
  return { weights: best.weights, curve };
}

/** Loss over the rows plus half the pull times the squared distance from the start. */
function slopeOf({ inputs, labels }: HeadRows, weights: Float64Array, start: Float64Array, classes: number, pull: number): Slope {
  const rows = labels.length;
  const width = inputs.length / rows;
  const outputs = headOutputs(inputs, weights, rows, classes);
  const gradient = weights.map((weight, i) => pull * (weight - start[i]!));
  const value = weights.reduce((sum, weight, i) => sum + (pull / 2) * (weight - start[i]!) ** 2, lossOf(outputs, labels, classes));
  for (let row = 0; row < rows; row++) {
    outputs[row * classes + labels[row]!]! -= 1;
    for (let i = 0; i < width; i++) {
      const input = inputs[row * width + i]! / rows;
      for (let k = 0; k < classes; k++) gradient[i * classes + k]! += input * outputs[row * classes + k]!;
    }
  }
  return { value, gradient };
}

function lossOf(outputs: Float64Array, labels: Int32Array, classes: number): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row++) sum -= Math.log(Math.max(outputs[row * classes + labels[row]!]!, LEAST_PROBABILITY));
  return sum / labels.length;
}

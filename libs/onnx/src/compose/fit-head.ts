import { headOutputs } from "./meta-head.ts";

/** Rows of a head with their classes. */
export interface HeadRows {
  /** [rows x inputs]. */
  readonly inputs: Float64Array;
  readonly labels: Int32Array;
}

export interface FitRules {
  readonly l2: number;
  readonly steps: number;
  readonly rate: number;
}

const MOMENTUM = 0.9;
const SPREAD = 0.999;
const TINY = 1e-9;
/** Steps between two looks at the validation part, and looks without a better one before training stops. */
const LOOK = 5;
const PATIENCE = 8;

/** Mean negative logarithm of what `weights` give to the classes that came. */
export function headLoss({ inputs, labels }: HeadRows, weights: Float64Array, classes: number): number {
  const outputs = headOutputs(inputs, weights, labels.length, classes);
  let sum = 0;
  for (let row = 0; row < labels.length; row++) sum -= Math.log(Math.max(outputs[row * classes + labels[row]!]!, 1e-12));
  return sum / labels.length;
}

/**
 * Multinomial logistic regression from `start`, pulled back to it by `l2`: Adam on all rows at once in float64, so the
 * same rows give the same weights. The loss is convex; the weights kept are those with the least loss on `validation`.
 */
export function fitHead(
  train: HeadRows,
  validation: HeadRows,
  start: Float64Array,
  classes: number,
  { l2, steps, rate }: FitRules,
): { weights: Float64Array; curve: number[] } {
  const weights = start.slice();
  const first = new Float64Array(weights.length);
  const second = new Float64Array(weights.length);
  const curve: number[] = [];
  let best = { weights: start.slice(), loss: headLoss(validation, start, classes), step: 0 };
  for (let step = 1; step <= steps && step - best.step <= LOOK * PATIENCE; step++) {
    const { gradient, loss } = gradientOf(train, weights, classes);
    curve.push(loss);
    for (let i = 0; i < weights.length; i++) {
      const slope = gradient[i]! + l2 * (weights[i]! - start[i]!);
      first[i] = MOMENTUM * first[i]! + (1 - MOMENTUM) * slope;
      second[i] = SPREAD * second[i]! + (1 - SPREAD) * slope ** 2;
      const size = Math.sqrt(second[i]! / (1 - SPREAD ** step)) + TINY;
      weights[i]! -= (rate * (first[i]! / (1 - MOMENTUM ** step))) / size;
    }
    if (step % LOOK !== 0) continue;
    const now = headLoss(validation, weights, classes);
    if (now < best.loss) best = { weights: weights.slice(), loss: now, step };
  }
  return { weights: best.weights, curve };
}

function gradientOf({ inputs, labels }: HeadRows, weights: Float64Array, classes: number): { gradient: Float64Array; loss: number } {
  const rows = labels.length;
  const width = inputs.length / rows;
  const outputs = headOutputs(inputs, weights, rows, classes);
  const gradient = new Float64Array(weights.length);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    loss -= Math.log(Math.max(outputs[row * classes + label]!, 1e-12)) / rows;
    outputs[row * classes + label]! -= 1;
    for (let i = 0; i < width; i++) {
      const value = inputs[row * width + i]! / rows;
      for (let k = 0; k < classes; k++) gradient[i * classes + k]! += value * outputs[row * classes + k]!;
    }
  }
  return { gradient, loss };
}

import { inputFailure } from "@tradewind/core";
import { clip, divide, subtract } from "../autodiff/arithmetic.ts";
import { reshape, transpose } from "../autodiff/shaping.ts";
import type { Variable } from "../autodiff/tape.ts";
import { stepWidth, type InputShape } from "../families/family.ts";
import type { Normaliser } from "./net-trainer.ts";

/** Ten deviations: a spike in one feature cannot drown the others, in training as in service. */
const MOST_DEVIATIONS = 10;

/** Throws `NORMALISER` when it does not fit the matrix or holds what is not finite. */
export function checkNormaliser({ mean, deviation }: Normaliser, shape: InputShape): void {
  const width = stepWidth(shape);
  if (mean.length !== width || deviation.length !== width)
    throw inputFailure(
      "NORMALISER",
      `a normaliser of ${mean.length} means and ${deviation.length} deviations does not fit ${width} numbers a step`,
    );
  const wrong = mean.findIndex((value, i) => !Number.isFinite(value) || !(deviation[i]! >= 0 && deviation[i]! < Infinity));
  if (wrong >= 0)
    throw inputFailure(
      "NORMALISER",
      `number ${wrong} of a step has mean ${mean[wrong]} and deviation ${deviation[wrong]}; they must be finite`,
    );
}

/** Raw matrices [batch, timeframes, window, features] to normalised [batch, window, timeframes * features], in float32. */
export function normalised(raw: Variable, shape: InputShape, normaliser: Normaliser): Variable {
  const { tape } = raw;
  const { timeframes, window } = shape;
  const width = stepWidth(shape);
  const bySteps = timeframes === 1 ? raw : transpose(raw, [0, 2, 1, 3]);
  const steps = reshape(bySteps, [raw.shape[0]!, window, width]);
  const mean = tape.constant([width], normaliser.mean.slice());
  const deviation = tape.constant(
    [width],
    normaliser.deviation.map((value) => value || 1),
  );
  return clip(divide(subtract(steps, mean), deviation), -MOST_DEVIATIONS, MOST_DEVIATIONS);
}

import { add, divide, multiply, scale, shift, squareRoot, subtract } from "../autodiff/arithmetic.ts";
import { sizeOf } from "../autodiff/shapes.ts";
import { reshape, sumTo } from "../autodiff/shaping.ts";
import { scalar, type Tape, type Variable } from "../autodiff/tape.ts";
import type { ParameterSpec } from "../families/family.ts";
import { countOf } from "./flat-parameters.ts";
import type { OptimiserOptions } from "./net-trainer.ts";

const MEAN_DECAY = 0.9;
const SQUARE_DECAY = 0.999;
const EPSILON = 1e-7;

/** The vectors that a step reads and writes, each [parameters]. */
export interface OptimiserState {
  readonly theta: Variable;
  readonly m: Variable;
  readonly v: Variable;
}

/** Scalars that change from step to step. */
export interface StepScalars {
  readonly rate: Variable;
  /** 1 / (1 - decay^step): the moments start at 0 and are scaled up for it. */
  readonly meanCorrection: Variable;
  readonly squareCorrection: Variable;
}

export function biasCorrections(step: number): { mean: number; square: number } {
  return { mean: 1 / (1 - MEAN_DECAY ** step), square: 1 / (1 - SQUARE_DECAY ** step) };
}

/** One step of Adam, or of AdamW where weights decay (Loshchilov and Hutter 2019), on all parameters as one vector. */
export function adamW(
  state: OptimiserState,
  gradient: Variable,
  { rate, meanCorrection, squareCorrection }: StepScalars,
  { weightDecay = 0, clipNorm = 0 }: OptimiserOptions,
  specs: readonly ParameterSpec[],
): OptimiserState {
  const g = clipNorm > 0 ? clippedByNorm(gradient, clipNorm) : gradient;
  const m = add(scale(state.m, MEAN_DECAY), scale(g, 1 - MEAN_DECAY));
  const v = add(scale(state.v, SQUARE_DECAY), scale(multiply(g, g), 1 - SQUARE_DECAY));
  const deviation = shift(squareRoot(multiply(v, squareCorrection)), EPSILON);
  const move = divide(multiply(m, multiply(meanCorrection, rate)), deviation);
  if (weightDecay === 0) return { theta: subtract(state.theta, move), m, v };
  const decay = multiply(state.theta, multiply(decayOf(state.theta.tape, specs, weightDecay), rate));
  return { theta: subtract(subtract(state.theta, move), decay), m, v };
}

/** Matrices decay; biases and gains, which have one axis, do not. */
function decayOf(tape: Tape, specs: readonly ParameterSpec[], weightDecay: number): Variable {
  const decay = new Float32Array(countOf(specs));
  let offset = 0;
  for (const { shape } of specs) {
    const end = offset + sizeOf(shape);
    if (shape.length > 1) decay.fill(weightDecay, offset, end);
    offset = end;
  }
  return tape.constant([decay.length], decay);
}

function clippedByNorm(gradient: Variable, clipNorm: number): Variable {
  const { tape } = gradient;
  const norm = squareRoot(reshape(sumTo(multiply(gradient, gradient), [1]), []));
  const limit = scalar(gradient, clipNorm);
  // limit / max(norm, limit) is 1 for a short gradient and never divides by 0.
  const longer = tape.emit("Max", [norm, limit], [[]])[0]!;
  return multiply(gradient, divide(limit, longer));
}

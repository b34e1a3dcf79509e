import { add, divide, mean, multiply, shift, squareRoot, subtract } from "./arithmetic.ts";
import { sigmoid, tanh } from "./activation.ts";
import { linear, matmul } from "./linear.ts";
import { shapeFailure } from "./shapes.ts";
import { concat, pad, reshape, slice, split, transpose } from "./shaping.ts";
import type { Variable } from "./tape.ts";
import { servedConv, servedLayerNorm, servedLstm } from "./served-layers.ts";

/** Keeps a row of equal numbers from dividing by 0; PyTorch's value. */
const NORM_EPSILON = 1e-5;

/**
 * Convolution over time with zeros beyond both ends: x [batch, time, in], weight [width, in, out] of odd width, bias
 * [out], to [batch, time, out].
 */
export function conv1d(x: Variable, weight: Variable, bias: Variable): Variable {
  const [width, channels, filters] = weight.shape;
  if (x.shape.length !== 3 || weight.shape.length !== 3 || x.shape[2] !== channels || width! % 2 === 0)
    throw shapeFailure("conv1d", x.shape, weight.shape);
  if (x.tape.form === "serving") return servedConv(x, weight, bias);
  return linear(unfold(x, width!), reshape(weight, [width! * channels!, filters!]), bias);
}

/**
 * Each step beside its neighbours: [batch, time, channels] to [batch, time, width * channels], zeros beyond both ends. A
 * convolution is then one matrix product, which is three times as quick as Conv and its gradients at these sizes.
 */
export function unfold(x: Variable, width: number): Variable {
  const time = x.shape[1]!;
  const margin = (width - 1) / 2;
  const padded = pad(x, 1, margin, margin);
  const neighbours = Array.from({ length: width }, (_, offset) => slice(padded, 1, offset, offset + time));
  return concat(neighbours, 2);
}

/**
 * The last hidden state of an LSTM over time, from zeros: x [batch, time, in], inputWeight [in, 4 hidden], hiddenWeight
 * [hidden, 4 hidden], bias [4 hidden], to [batch, hidden]. Gates stand in ONNX's order: input, output, forget, cell.
 */
export function lstm(x: Variable, inputWeight: Variable, hiddenWeight: Variable, bias: Variable): Variable {
  const [batch, time] = x.shape;
  const [hidden, gates] = hiddenWeight.shape;
  if (x.shape.length !== 3 || gates !== 4 * hidden! || inputWeight.shape[1] !== gates || x.shape[2] !== inputWeight.shape[0])
    throw shapeFailure("lstm", x.shape, inputWeight.shape, hiddenWeight.shape);
  if (x.tape.form === "serving") return servedLstm(x, inputWeight, hiddenWeight, bias);
  // What the inputs add to the gates is one product over all steps; only the hidden state's part is step by step.
  const fromInputs = transpose(linear(x, inputWeight, bias), [1, 0, 2]);
  let state: LstmState | undefined;
  for (const step of split(fromInputs, Array<number>(time!).fill(1), 0)) {
    const own = reshape(step, [batch!, gates]);
    const summed = state === undefined ? own : add(own, matmul(state.hidden, hiddenWeight));
    state = lstmStep(summed, state, hidden!);
  }
  return state!.hidden;
}

interface LstmState {
  readonly hidden: Variable;
  readonly cell: Variable;
}

function lstmStep(gates: Variable, before: LstmState | undefined, hidden: number): LstmState {
  const [input, output, forget, candidate] = split(gates, Array<number>(4).fill(hidden), 1) as [Variable, Variable, Variable, Variable];
  const taken = multiply(sigmoid(input), tanh(candidate));
  const cell = before === undefined ? taken : add(multiply(sigmoid(forget), before.cell), taken);
  return { cell, hidden: multiply(sigmoid(output), tanh(cell)) };
}

/** Each row of the last axis to mean 0 and deviation 1, then times gain plus bias. */
export function layerNorm(x: Variable, gain: Variable, bias: Variable): Variable {
  if (x.tape.form === "serving") return servedLayerNorm(x, gain, bias, NORM_EPSILON);
  const centred = subtract(x, mean(x, -1, { keep: true }));
  const variance = mean(multiply(centred, centred), -1, { keep: true });
  const deviation = squareRoot(shift(variance, NORM_EPSILON));
  return add(multiply(divide(centred, deviation), gain), bias);
}

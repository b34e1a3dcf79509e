import { Failure } from "@tradewind/core";
import type { Tensor } from "../model.ts";
import { reshape, transpose } from "./shaping.ts";
import type { Variable } from "./tape.ts";

/** `conv1d` as the runtime's Conv, which wants channels before time and weights [out, in, width]. */
export function servedConv(x: Variable, weight: Variable, bias: Variable): Variable {
  const { tape } = x;
  const [batch, time] = x.shape;
  const [width, , filters] = weight.shape;
  const margin = (width! - 1) / 2;
  const attributes = { kernel_shape: [width!], pads: [margin, margin] };
  const inputs = [transpose(x, [0, 2, 1]), rearranged(weight, [2, 1, 0]), bias];
  const [channelsFirst] = tape.emit("Conv", inputs, [[batch!, filters!, time!]], { attributes });
  return transpose(channelsFirst!, [0, 2, 1]);
}

/** `lstm` as the runtime's LSTM, which wants time before batch and weights [1, 4 hidden, in]. */
export function servedLstm(x: Variable, inputWeight: Variable, hiddenWeight: Variable, bias: Variable): Variable {
  const { tape } = x;
  const hidden = hiddenWeight.shape[0]!;
  const asOneDirection = (weight: Variable): Variable => withFirstAxis(rearranged(weight, [1, 0]));
  const inputs = [transpose(x, [1, 0, 2]), asOneDirection(inputWeight), asOneDirection(hiddenWeight), withHiddenBias(bias)];
  const shape = [1, x.shape[0]!, hidden];
  const [last] = tape.emit("LSTM", inputs, [shape], { attributes: { hidden_size: hidden }, skipOutputs: 1 });
  return reshape(last!, [x.shape[0]!, hidden]);
}

/** `layerNorm` as the runtime's LayerNormalization. */
export function servedLayerNorm(x: Variable, gain: Variable, bias: Variable, epsilon: number): Variable {
  const attributes = { axis: -1, epsilon: { float: epsilon } };
  return x.tape.emit("LayerNormalization", [x, gain, bias], [x.shape], { attributes })[0]!;
}

function numbersOf(weight: Variable): Tensor {
  const tensor = weight.tape.constantOf(weight);
  if (tensor === undefined) throw new Failure("bug", "LAYER_WEIGHT", `"${weight.name}" must be a constant in a graph for serving`);
  return tensor;
}

/** A weight with its axes in another order, so that the file holds it as the runtime's layer wants it. */
function rearranged(weight: Variable, order: readonly number[]): Variable {
  const { data, dimensions, type } = numbersOf(weight);
  const strides = dimensions.map((_, axis) => dimensions.slice(axis + 1).reduce((product, length) => product * length, 1));
  const shape = order.map((axis) => dimensions[axis]!);
  const result = data.slice();
  const place = shape.map(() => 0);
  for (let at = 0; at < result.length; at++) {
    result[at] = data[order.reduce((offset, axis, i) => offset + place[i]! * strides[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0 && ++place[axis]! === shape[axis]; axis--) place[axis] = 0;
  }
  return weight.tape.constant(shape, result, type);
}

function withFirstAxis(weight: Variable): Variable {
  const { data, dimensions, type } = numbersOf(weight);
  return weight.tape.constant([1, ...dimensions], data, type);
}

/** The runtime adds a second bias to the hidden state's part of the gates; ours is one, so that one is zero. */
function withHiddenBias(bias: Variable): Variable {
  const { data, type } = numbersOf(bias);
  const both = data instanceof Uint16Array ? new Uint16Array(2 * data.length) : new Float32Array(2 * data.length);
  (both as Float32Array).set(data as Float32Array);
  return bias.tape.constant([1, both.length], both, type);
}

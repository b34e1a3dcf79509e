import { dirname } from "node:path";
import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { BATCH, CLASSES, initialParametersOf, RATE, shape, type NetName, type Side } from "./task.ts";

type Weights = Readonly<Record<string, tf.Variable>>;
const { window, features } = shape;

/**
 * The same nets in TensorFlow.js on its WebAssembly backend, which has no gradient of a convolution: it is unfolded into
 * one matrix product, as ours is. The LSTM too multiplies all inputs at once before its steps.
 */
export async function tfjsSide(net: NetName): Promise<Side> {
  setWasmPaths(`${dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  await tf.setBackend("wasm");
  await tf.ready();
  const weights: Weights = Object.fromEntries(
    initialParametersOf(net).map(({ name, shape: lengths, values }) => [name, tf.variable(tf.tensor(values, [...lengths]), true, name)]),
  );
  const optimiser = tf.train.adam(RATE);
  const forward = net === "cnn" ? convolutions : memory;
  return {
    async step({ x, labels }) {
      const loss = tf.tidy(() => {
        const input = tf.tensor3d(x, [BATCH, window, features]);
        const truth = tf.oneHot(tf.tensor1d(labels, "int32"), CLASSES);
        return optimiser.minimize(() => tf.losses.softmaxCrossEntropy(truth, forward(weights, input)).asScalar(), true)!;
      });
      const [value] = await loss.data();
      loss.dispose();
      return value!;
    },
  };
}

function dense(weights: Weights, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.matMul(x, weights[`${name}.weight`] as unknown as tf.Tensor2D), weights[`${name}.bias`]!);
}

function convolved(weights: Weights, name: string, x: tf.Tensor3D): tf.Tensor3D {
  const weight = weights[`${name}.weight`]!;
  const [width, channels, filters] = weight.shape as [number, number, number];
  const padded = tf.pad3d(x, [
    [0, 0],
    [1, 1],
    [0, 0],
  ]);
  const neighbours = tf.concat(
    [0, 1, 2].map((offset) => tf.slice3d(padded, [0, offset, 0], [BATCH, window, channels])),
    2,
  );
  const product = tf.matMul(tf.reshape(neighbours, [BATCH * window, width * channels]), tf.reshape(weight, [width * channels, filters]));
  return tf.relu(tf.reshape(tf.add(product, weights[`${name}.bias`]!), [BATCH, window, filters]));
}

function convolutions(weights: Weights, x: tf.Tensor3D): tf.Tensor2D {
  const last = convolved(weights, "second", convolved(weights, "first", x));
  return dense(weights, "head", tf.mean(last, 1));
}

/** Gates in the order input, output, forget, candidate. */
function memory(weights: Weights, x: tf.Tensor3D): tf.Tensor2D {
  const hiddenWeight = weights["memory.hidden_weight"] as unknown as tf.Tensor2D;
  const hidden = hiddenWeight.shape[0];
  const inputWeight = weights["memory.input_weight"] as unknown as tf.Tensor2D;
  const product = tf.add(tf.matMul(tf.reshape(x, [BATCH * window, features]), inputWeight), weights["memory.bias"]!);
  const steps = tf.unstack(tf.reshape(product, [BATCH, window, 4 * hidden]), 1) as tf.Tensor2D[];
  let h: tf.Tensor2D | undefined;
  let cell: tf.Tensor2D | undefined;
  for (const step of steps) {
    const gates = h === undefined ? step : tf.add<tf.Tensor2D>(step, tf.matMul(h, hiddenWeight));
    const [input, output, forget, candidate] = tf.split(gates, 4, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const taken: tf.Tensor2D = tf.mul(tf.sigmoid(input), tf.tanh(candidate));
    cell = cell === undefined ? taken : tf.add<tf.Tensor2D>(tf.mul(tf.sigmoid(forget), cell), taken);
    h = tf.mul<tf.Tensor2D>(tf.sigmoid(output), tf.tanh(cell));
  }
  return dense(weights, "head", h!);
}

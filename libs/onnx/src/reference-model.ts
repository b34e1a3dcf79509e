import { createPrng, matrixSize, type MatrixPlan } from "@tradewind/core";
import { graphBuilder } from "./graph-builder.ts";
import { metadataProperties } from "./metadata.ts";
import { writeModel } from "./write-model.ts";

export interface ReferenceModelOptions {
  readonly matrix: MatrixPlan;
  readonly seed: number;
  /** How sure it is: 0 gives equal probabilities. */
  readonly gain?: number;
  readonly version?: string;
}

export const REFERENCE_LABELS = ["down", "flat", "up"] as const;
const OPSET = 17;
const DEFAULT_GAIN = 6;

/** Weights of the reference model, [matrix size][classes] row-major. */
export function referenceWeights({ matrix, seed, gain = DEFAULT_GAIN }: ReferenceModelOptions): Float32Array {
  const prng = createPrng(seed);
  const classes = REFERENCE_LABELS.length;
  const columns = matrix.features.length;
  const weights = Float64Array.from({ length: matrixSize(matrix) * classes }, () => prng.normal() * gain);
  // Over its rows each feature's weights cancel: the model looks at changes, so it speaks for both sides.
  for (let series = 0; series < matrix.timeframes.length * columns * classes; series++) {
    const block = Math.floor(series / (columns * classes)) * matrix.window * columns * classes + (series % (columns * classes));
    let mean = 0;
    for (let row = 0; row < matrix.window; row++) mean += weights[block + row * columns * classes]! / matrix.window;
    for (let row = 0; row < matrix.window; row++) weights[block + row * columns * classes]! -= mean;
  }
  return Float32Array.from(weights);
}

/**
 * A small classifier with seeded weights, untrained: for tests, examples and trials of the whole road. Flatten, Gemm,
 * Softmax over down, flat and up; the batch is free. Equal options give an equal file.
 */
export function referenceModel(options: ReferenceModelOptions): Uint8Array<ArrayBuffer> {
  const { matrix, seed, version = "1" } = options;
  const classes = REFERENCE_LABELS.length;
  const graph = graphBuilder("reference");
  const input = graph.input("matrix", "float", ["batch", matrix.timeframes.length, matrix.window, matrix.features.length]);
  const flat = graph.add("Flatten", [input], { axis: 1 });
  const weights = graph.constant([matrixSize(matrix), classes], referenceWeights(options));
  const bias = graph.constant([classes], new Float32Array(classes));
  const scores = graph.add("Gemm", [flat, weights, bias]);
  const probabilities = graph.add("Softmax", [scores], { axis: 1 });
  graph.output("probabilities", probabilities, "float", ["batch", classes]);
  return writeModel({
    graph: graph.finish(),
    opset: OPSET,
    producer: "tradewind",
    producerVersion: "1",
    metadata: metadataProperties({ matrix, labels: REFERENCE_LABELS, version, notes: { seed: String(seed) } }),
  });
}

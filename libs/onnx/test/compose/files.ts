import { createPrng, matrixSize, type MatrixPlan } from "@tradewind/core";
import { inspectModel, metadataProperties, openGbdt, openModelSession, writeModel, type Graph, type GraphNode } from "../../src/index.ts";
import { wireWriter, type WireWriter } from "../../src/wire-writer.ts";

/** One timeframe, four rows, two features. */
export const plan: MatrixPlan = { timeframes: ["1m"], window: 4, features: [{ name: "log_return" }, { name: "rsi" }] };
export const labels = ["down", "flat", "up"];
export const properties = metadataProperties({ matrix: plan, labels, version: "1", notes: {} });

export function matrices(rows: number, seed: number, matrix: MatrixPlan = plan): Float32Array {
  const prng = createPrng(seed);
  return Float32Array.from({ length: rows * matrixSize(matrix) }, () => prng.normal());
}

/** Boosted trees of a few rounds: attributes of all list kinds, and operators of another domain. */
export function treesFile(seed = 1): Uint8Array<ArrayBuffer> {
  const rows = 120;
  const x = matrices(rows, seed);
  const labels = Int32Array.from({ length: rows }, (_, row) => (x[row * 8]! > 0.5 ? 2 : x[row * 8 + 3]! > 0 ? 1 : 0));
  const settings = { min_leaf_weight: 0.5, leaves: 4, learning_rate: 0.5 };
  const trees = openGbdt({ x, rows, width: 8, labels, classes: ["down", "flat", "up"], seed, settings });
  for (let i = 0; i < 3; i++) trees.round();
  return trees.export({ matrix: plan, version: "1", notes: {} });
}

/** A graph with branches that reach out of themselves: rows whose first number is large are taken the other way round. */
export function branchingFile(opset = 17): Uint8Array<ArrayBuffer> {
  const branch = (name: string, operator: string): Graph => ({
    name,
    inputs: [],
    outputs: [{ name: "inner" }],
    constants: [],
    nodes: [{ operator, inputs: ["scores"], outputs: ["inner"] }],
  });
  const graph: Graph = {
    name: "branching",
    inputs: [{ name: "x", type: "float", shape: ["n", 8] }],
    outputs: [{ name: "y", type: "float", shape: ["n", 3] }],
    constants: [
      { name: "w", type: "float", dimensions: [8, 3], data: matrices(3, 5) },
      { name: "zero", type: "float", dimensions: [], data: Float32Array.of(0) },
      { name: "axes", type: "int64", dimensions: [1], data: BigInt64Array.of(0n) },
    ],
    nodes: [
      { operator: "MatMul", inputs: ["x", "w"], outputs: ["scores"] },
      { operator: "ReduceMax", inputs: ["scores"], outputs: ["top"], attributes: { keepdims: 0 } },
      { operator: "Greater", inputs: ["top", "zero"], outputs: ["large"] },
      {
        operator: "If",
        inputs: ["large"],
        outputs: ["chosen"],
        attributes: { then_branch: { graph: branch("a", "Neg") }, else_branch: { graph: branch("b", "Identity") } },
      },
      { operator: "Softmax", inputs: ["chosen"], outputs: ["y"], attributes: { axis: -1 } },
    ],
  };
  return writeModel({ graph, opset, producer: "t", producerVersion: "1", metadata: properties });
}

/**
 * A file as another writer makes it, field by field: lists packed, weights as a list of floats and not as bytes, zeros
 * left out, names and remarks everywhere, the constant listed among the inputs too.
 */
export function strangersFile(): Uint8Array {
  const packed = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
  const value = (name: string, lengths: readonly WireWriter[]): WireWriter => {
    const shape = wireWriter();
    for (const length of lengths) shape.message(1, length);
    const tensor = wireWriter().int(1, 1).message(2, shape);
    return wireWriter().text(1, name).message(2, wireWriter().message(1, tensor).text(6, "a remark"));
  };
  const batch = wireWriter().text(2, "N");
  const whole = (length: number): WireWriter => wireWriter().int(1, length);
  const weights = wireWriter()
    .bytes(1, Uint8Array.of(8, 3))
    .int(2, 1)
    .bytes(4, packed([...matrices(3, 5)]))
    .text(8, "w");
  const gemm = wireWriter().text(1, "x").text(1, "w").text(2, "z").text(3, "a name").text(4, "Gemm").text(6, "said of it");
  gemm.message(5, wireWriter().text(1, "alpha").float(2, 0.5).int(20, 1)).message(5, wireWriter().text(1, "transB").int(20, 2));
  const softmax = wireWriter().text(1, "z").text(2, "probabilities").text(4, "Softmax").text(7, "ai.onnx");
  softmax.message(5, wireWriter().text(1, "axis").int(3, -1).int(20, 2));
  const graph = wireWriter().message(1, gemm).message(1, softmax).text(2, "g").message(5, weights);
  graph.message(11, value("x", [batch, whole(8)])).message(11, value("w", [whole(8), whole(3)]));
  graph.message(12, value("probabilities", [batch, whole(3)]));
  const file = wireWriter().int(1, 8).text(2, "stranger").message(7, graph).message(8, wireWriter().text(1, "ai.onnx").int(2, 17));
  for (const [key, text] of Object.entries(properties)) file.message(14, wireWriter().text(1, key).text(2, text));
  return new Uint8Array(file.finish());
}

/** A file whose nodes make "y" [batch, labels] of "x" [batch, 8]. */
export function fileOfNodes(
  nodes: readonly GraphNode[],
  options: {
    readonly opset?: number;
    readonly constants?: Graph["constants"];
    readonly labels?: readonly string[];
    readonly batch?: number;
  },
): Uint8Array<ArrayBuffer> {
  const { opset = 17, constants = [], labels: names = labels, batch = "n" } = options;
  const graph: Graph = {
    name: "nodes",
    inputs: [{ name: "x", type: "float", shape: [batch, 8] }],
    outputs: [{ name: "y", type: "float", shape: [batch, names.length] }],
    constants,
    nodes,
  };
  const metadata = metadataProperties({ matrix: plan, labels: names, version: "1", notes: {} });
  return writeModel({ graph, opset, producer: "t", producerVersion: "1", metadata });
}

/** What an output beside `probabilities` gives for `rows` random matrices. */
export async function outputOf(file: Uint8Array, output: string, rows: number, x = matrices(rows, 77)): Promise<Float32Array> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const { input, rowShape } = inspectModel(file, "file").signature;
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
  const given = await session.run({ [input]: new Tensor("float32", x, [rows, ...rowShape]) }, [output]);
  await session.release();
  return given[output]!.data as Float32Array;
}

/** What a file gives for `rows` random matrices. */
export async function outputsOf(file: Uint8Array, rows: number, x = matrices(rows, 77)): Promise<Float32Array> {
  const session = await openModelSession(inspectModel(file, "file"));
  const given = await session.run(x, rows);
  await session.release();
  return given;
}

/** Largest difference of two lists of numbers of one length. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

import { inputFailure, matrixSize } from "@tradewind/core";
import type { ModelAbout } from "../about.ts";
import { metadataProperties } from "../metadata.ts";
import type { Attribute, GraphNode } from "../model.ts";
import { writeModel } from "../write-model.ts";
import type { Tree } from "./tree.ts";

const OPSET = 17;
const TREES_OPSET = 3;

/**
 * Trees as one TreeEnsembleRegressor (ai.onnx.ml) of a score per class and their softmax, [batch, timeframes, window,
 * features] in, `probabilities` out; the runtime's TreeEnsembleClassifier takes two classes for one. `rounds` hold a
 * tree per class each. Throws `MODEL_SHAPE` when the matrix is not as wide as the trees.
 */
export function treeEnsembleModel(
  rounds: readonly (readonly Tree[])[],
  base: readonly number[],
  classes: readonly string[],
  width: number,
  about: ModelAbout,
): Uint8Array<ArrayBuffer> {
  const { matrix } = about;
  if (matrixSize(matrix) !== width)
    throw inputFailure("MODEL_SHAPE", `the trees ask for rows of ${width} numbers, a matrix of the plan has ${matrixSize(matrix)}`);
  const ensemble: GraphNode = {
    operator: "TreeEnsembleRegressor",
    domain: "ai.onnx.ml",
    inputs: ["flat"],
    outputs: ["scores"],
    attributes: { ...ensembleAttributes(rounds, classes.length), base_values: { floats: base }, n_targets: classes.length },
  };
  return writeModel({
    graph: {
      name: "gbdt",
      inputs: [{ name: "matrix", type: "float", shape: ["batch", matrix.timeframes.length, matrix.window, matrix.features.length] }],
      outputs: [{ name: "probabilities", type: "float", shape: ["batch", classes.length] }],
      constants: [],
      nodes: [
        { operator: "Flatten", inputs: ["matrix"], outputs: ["flat"], attributes: { axis: 1 } },
        ensemble,
        { operator: "Softmax", inputs: ["scores"], outputs: ["probabilities"], attributes: { axis: 1 } },
      ],
    },
    opset: OPSET,
    opsets: { "ai.onnx.ml": TREES_OPSET },
    producer: "tradewind",
    producerVersion: "1",
    metadata: metadataProperties({ ...about, labels: classes }),
  });
}

/** All nodes of all trees one below the other, as the operator wants its columns. */
function ensembleAttributes(rounds: readonly (readonly Tree[])[], classes: number): Record<string, Attribute> {
  const trees = rounds.flat();
  const nodes = trees.flatMap((tree, id) => tree.column.map((column, node) => ({ tree, id, column, node, leaf: column < 0 })));
  const leaves = nodes.filter(({ leaf }) => leaf);
  return {
    nodes_treeids: nodes.map(({ id }) => id),
    nodes_nodeids: nodes.map(({ node }) => node),
    nodes_featureids: nodes.map(({ column }) => Math.max(0, column)),
    nodes_modes: { texts: nodes.map(({ leaf }) => (leaf ? "LEAF" : "BRANCH_LEQ")) },
    nodes_values: { floats: nodes.map(({ tree, node }) => tree.threshold[node]!) },
    nodes_truenodeids: nodes.map(({ tree, node }) => tree.left[node]!),
    nodes_falsenodeids: nodes.map(({ tree, node }) => tree.right[node]!),
    target_treeids: leaves.map(({ id }) => id),
    target_nodeids: leaves.map(({ node }) => node),
    target_ids: leaves.map(({ id }) => id % classes),
    target_weights: { floats: leaves.map(({ tree, node }) => tree.value[node]!) },
  };
}

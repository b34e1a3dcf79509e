import { inputFailure, type Failure } from "@tradewind/core";
import type { GraphNode, Model, Tensor } from "../model.ts";
import { withInner } from "./nodes.ts";

/** From this version of the standard operators on, files of different versions are joined. */
const LEAST = 13;
/** Of the operators that joined graphs add. */
const OWN = 17;
/** From this version of ai.onnx.ml on trees are another operator. */
const NEW_TREES = 5;
/** From this version on all reductions take their axes as an input, not as an attribute. */
const AXES_AS_INPUT = 18;

/**
 * Operators that mean the same in every version from 13 on: what later versions add is optional, or more element types.
 * From the change log of ONNX, docs/Changelog.md; an operator that is not here is refused, which costs its owner a new
 * export, never a wrong number.
 */
const STEADY = new Set(
  `Abs Add And ArgMax ArgMin Cast Ceil Clip Concat Constant ConstantOfShape Conv ConvTranspose Cos CumSum
  DepthToSpace Div Einsum Elu Equal Erf Exp Expand Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm
  GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual HardSigmoid HardSwish Identity If InstanceNormalization IsNaN
  LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop MatMul Max Mean Min Mish Mod Mul Neg
  NonZero Not OneHot Or PRelu Pad Pow RNN Range Reciprocal ReduceSum Relu Reshape Round Scan ScatterElements ScatterND
  Selu Shape Sigmoid Sign Sin Size Slice Softmax Softplus Softsign SpaceToDepth Sqrt Squeeze Sub Sum Tanh ThresholdedRelu
  Tile TopK Transpose Trilu Unsqueeze Where Xor`.split(/\s+/),
);

/** The same of ai.onnx.ml, from its first version up to the new trees. */
const STEADY_LEARNERS = new Set(
  `ArrayFeatureExtractor Binarizer FeatureVectorizer Imputer LinearClassifier LinearRegressor Normalizer OneHotEncoder
  SVMClassifier SVMRegressor Scaler TreeEnsembleClassifier TreeEnsembleRegressor`.split(/\s+/),
);

const REDUCTIONS = /^Reduce(?:L1|L2|LogSum|LogSumExp|Max|Mean|Min|Prod|SumSquare)$/;

/** Versions of the operator sets of one graph that holds all models; the standard set goes by "". */
export function jointOpsets(models: readonly Model[]): Readonly<Record<string, number>> {
  const joint: Record<string, number> = { "": OWN };
  for (const { opset, opsets } of models)
    for (const [domain, version] of Object.entries({ ...opsets, "": opset })) joint[domain] = Math.max(joint[domain] ?? 0, version);
  return joint;
}

/**
 * The nodes of a model as they must read under the joint versions, with the constants that this adds. Throws
 * `COMPOSE_OPSET` where an operator may mean something else there; `name` is the member's.
 */
export function raiseOpsets(
  nodes: readonly GraphNode[],
  model: Model,
  joint: Readonly<Record<string, number>>,
  name: string,
): { nodes: GraphNode[]; constants: Tensor[] } {
  const constants: Tensor[] = [];
  const raise = (node: GraphNode): GraphNode => {
    const standard = node.domain === undefined;
    const own = (standard ? model.opset : model.opsets?.[node.domain]) ?? 0;
    const wanted = joint[node.domain ?? ""] ?? own;
    const raised = withInner(node, (graph) => ({ ...graph, nodes: graph.nodes.map(raise) }));
    if (own === wanted) return raised;
    if (standard ? own >= LEAST && isSteady(node) : wanted < NEW_TREES && STEADY_LEARNERS.has(node.operator)) return raised;
    if (standard && own >= LEAST && REDUCTIONS.test(node.operator)) return wanted < AXES_AS_INPUT ? raised : axesAsInput(raised, constants);
    throw refused(node, own, wanted, name);
  };
  return { nodes: nodes.map(raise), constants };
}

function isSteady({ operator, inputs, outputs, attributes }: GraphNode): boolean {
  // Which windows count at a ragged end has been said anew.
  if (operator === "AveragePool" || operator === "MaxPool") return (attributes?.["ceil_mode"] ?? 0) === 0;
  if (operator === "BatchNormalization") return outputs.length === 1;
  if (operator === "Dropout") return outputs.length === 1 && inputs.length < 3;
  // Without the sizes of its parts a later Split wants to be told their number.
  if (operator === "Split") return inputs.length === 2;
  return STEADY.has(operator);
}

function axesAsInput(node: GraphNode, constants: Tensor[]): GraphNode {
  const { axes, ...attributes } = node.attributes ?? {};
  if (!Array.isArray(axes)) return node;
  const values = (axes as readonly (number | bigint)[]).map(BigInt);
  const constant: Tensor = {
    name: `axes of reduction ${constants.length}`,
    type: "int64",
    dimensions: [values.length],
    data: BigInt64Array.from(values),
  };
  constants.push(constant);
  return { ...node, inputs: [node.inputs[0]!, constant.name], attributes };
}

function refused({ operator, domain }: GraphNode, own: number, wanted: number, name: string): Failure {
  const set = domain ?? "the standard operators";
  return inputFailure(
    "COMPOSE_OPSET",
    `member ${name} has ${operator} of version ${own} of ${set}; in version ${wanted}, which the joint model needs, it may mean something else: export the members with one version, ${LEAST} or later`,
  );
}

import { defaultMatrixPlan, type MatrixPlan } from "@tradewind/core";
import { graphBuilder, metadataProperties, REFERENCE_LABELS, writeModel, type Dimension } from "../src/index.ts";

/** A feature plan small enough to count by hand: 1 x 3 x 2. */
export const smallPlan: MatrixPlan = { timeframes: ["1m"], window: 3, features: [{ name: "log_return" }, { name: "body" }] };

export const properties = (matrix: MatrixPlan = defaultMatrixPlan): Record<string, string> =>
  metadataProperties({ matrix, labels: REFERENCE_LABELS, version: "1", notes: {} });

/** A file whose graph gives what its input says, reshaped by nothing: for headers. */
export function fileOf(options: {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly opset?: number;
  readonly opsets?: Readonly<Record<string, number>>;
  readonly input?: readonly Dimension[];
  readonly output?: readonly Dimension[];
}): Uint8Array {
  const { metadata = properties(smallPlan), opset = 17, opsets = {}, input = ["batch", 1, 3, 2], output = ["batch", 3] } = options;
  const graph = graphBuilder("test");
  graph.output("probabilities", graph.input("matrix", "float", input), "float", output);
  return writeModel({ graph: graph.finish(), opset, opsets, producer: "test", producerVersion: "1", metadata });
}

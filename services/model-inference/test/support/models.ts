import { graphBuilder, metadataProperties, REFERENCE_LABELS, writeModel, type ModelMetadata } from "@tradewind/onnx";
import { matrixSize } from "@tradewind/core";
import { matrix } from "./scene.ts";

const WIDTH = 512;

/** A classifier of about this size in MiB: layers of equal weights, which the seed sets. */
export function sizedModel(mb: number, seed: number, about: Partial<ModelMetadata> = {}): Uint8Array {
  const plan = about.matrix ?? matrix;
  const rowSize = matrixSize(plan);
  const graph = graphBuilder("sized");
  const flat = graph.add("Flatten", [graph.input("x", "float", ["batch", rowSize])], { axis: 1 });
  const square = (rows: number, columns: number): string =>
    graph.constant(
      [rows, columns],
      Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i + seed) / WIDTH),
    );
  let value = graph.add("MatMul", [flat, square(rowSize, WIDTH)]);
  for (let layer = 0; layer < Math.floor(mb); layer++) value = graph.add("Tanh", [graph.add("MatMul", [value, square(WIDTH, WIDTH)])]);
  const scores = graph.add("MatMul", [value, square(WIDTH, 3)]);
  graph.output("probabilities", graph.add("Softmax", [scores], { axis: 1 }), "float", ["batch", 3]);
  const metadata = metadataProperties({ matrix: plan, labels: REFERENCE_LABELS, version: String(seed), notes: {}, ...about });
  return writeModel({ graph: graph.finish(), opset: 17, producer: "test", producerVersion: "1", metadata });
}

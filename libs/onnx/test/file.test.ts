import { describe, expect, test } from "vitest";
import { defaultMatrixPlan, isFailure } from "@tradewind/core";
import { graphBuilder, inspectModel, metadataKeys, readModelHeader, referenceModel, writeModel } from "../src/index.ts";
import { fileOf, properties, smallPlan } from "./models.ts";

function failureOf(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (isFailure(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a written ONNX file", () => {
  test("given a graph with a free batch and metadata, when its header is read, then everything comes back", () => {
    const graph = graphBuilder("g");
    const input = graph.input("x", "float", ["batch", 4]);
    const scaled = graph.add("Mul", [input, graph.constant([4], Float32Array.of(1, 2, 3, 4))]);
    graph.output("y", graph.add("LeakyRelu", [scaled], { alpha: { float: 0.1 } }), "float", ["batch", 4]);
    const metadata = { "a key": "a välue", empty: "" };
    const file = writeModel({
      graph: graph.finish(),
      opset: 17,
      opsets: { "ai.onnx.ml": 3 },
      producer: "p",
      producerVersion: "2",
      metadata,
    });
    expect(readModelHeader(file, "a file")).toEqual({
      irVersion: 8,
      producer: "p",
      opset: 17,
      opsets: { "ai.onnx.ml": 3 },
      inputs: [{ name: "x", type: "float", shape: ["batch", 4] }],
      outputs: [{ name: "y", type: "float", shape: ["batch", 4] }],
      metadata,
    });
  });

  test("given equal options, when the reference model is written twice, then the files are equal; another seed gives another", () => {
    const options = { matrix: defaultMatrixPlan, seed: 7 };
    expect(referenceModel(options)).toEqual(referenceModel(options));
    expect(referenceModel({ ...options, seed: 8 })).not.toEqual(referenceModel(options));
  });

  test("given the reference model, when it is inspected, then it says what it takes and gives", () => {
    const { metadata, signature } = inspectModel(referenceModel({ matrix: defaultMatrixPlan, seed: 7 }), "reference");
    expect(metadata).toMatchObject({ matrix: defaultMatrixPlan, labels: ["down", "flat", "up"], version: "1", notes: { seed: "7" } });
    expect(signature).toMatchObject({ rowShape: [1, 20, 8], rowSize: 160, fixedRows: undefined });
  });
});

describe("a file that is no model of ours", () => {
  const whole = fileOf({});

  test("given a file cut anywhere, when it is inspected, then it is refused and never taken for a whole one", () => {
    for (let length = 0; length < whole.length; length++) {
      const { code, message } = failureOf(() => inspectModel(whole.subarray(0, length), "cut.onnx"));
      // A cut between two fields leaves a well-formed file, of which something is missing.
      expect(["ONNX_INVALID", "ONNX_OPSET", "MODEL_METADATA"]).toContain(code);
      expect(message).toContain("cut.onnx");
      expect(message).not.toContain("\n");
    }
  });

  test.each([
    ["text", new TextEncoder().encode("<html>404 not found</html>"), "ONNX_INVALID"],
    ["zeros", new Uint8Array(4096), "ONNX_INVALID"],
    ["an endless number", new Uint8Array(64).fill(255), "ONNX_INVALID"],
    ["operators of the future", fileOf({ opset: 99 }), "ONNX_OPSET"],
    ["no operator set", fileOf({ opset: 0 }), "ONNX_OPSET"],
    ["operators of a stranger", fileOf({ opsets: { "com.example": 1 } }), "ONNX_OPSET"],
    ["no metadata", fileOf({ metadata: {} }), "MODEL_METADATA"],
    ["too few numbers a row", fileOf({ input: ["batch", 5] }), "MODEL_SHAPE"],
    ["a length left open", fileOf({ input: ["batch", "window", 2] }), "MODEL_SHAPE"],
    ["too many classes", fileOf({ output: ["batch", 4] }), "MODEL_SHAPE"],
  ])("given %s, when it is inspected, then one line says so", (_, bytes, wanted) => {
    const { code, message } = failureOf(() => inspectModel(bytes, "bad.onnx"));
    expect(code).toBe(wanted);
    expect(message).toMatch(/^bad\.onnx [^\n]+$/);
  });

  test.each([
    [metadataKeys.format, "2", "MODEL_METADATA", "format 2"],
    [metadataKeys.features, "{", "MODEL_METADATA", "no JSON"],
    [metadataKeys.features, '{"timeframes":["7m"],"window":3,"features":[]}', "MODEL_METADATA", "7m"],
    [metadataKeys.features, '{"timeframes":["1m"],"window":3,"features":[{"name":"rsj"}]}', "MODEL_FEATURES", "rsj"],
    [metadataKeys.featureSchema, "0".repeat(64), "MODEL_FEATURES", "00000000"],
    [metadataKeys.window, "4", "MODEL_METADATA", "4"],
    [metadataKeys.timeframe, "5m", "MODEL_METADATA", "5m"],
    [metadataKeys.labels, "up,flat", "MODEL_METADATA", "up,flat"],
    [metadataKeys.labels, "up,down,up", "MODEL_METADATA", "up,down,up"],
    [metadataKeys.version, "", "MODEL_METADATA", metadataKeys.version],
  ])("given metadata whose %s is %j, when it is inspected, then one line names it", (key, value, wanted, part) => {
    const file = fileOf({ metadata: { ...properties(smallPlan), [key]: value } });
    const { code, message } = failureOf(() => inspectModel(file, "bad.onnx"));
    expect(code).toBe(wanted);
    expect(message).toMatch(/^bad\.onnx[^\n]+$/);
    expect(message).toContain(part);
  });
});

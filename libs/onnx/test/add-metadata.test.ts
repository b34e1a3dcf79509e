import type { MatrixPlan } from "@tradewind/core";
import { describe, expect, test } from "vitest";
import { inspectModel, propertiesOf, referenceModel, REFERENCE_LABELS, withMetadata, writeModel, graphBuilder } from "../src/index.ts";

const features: MatrixPlan = { timeframes: ["1m"], window: 4, features: [{ name: "log_return" }, { name: "rsi" }, { name: "volatility" }] };
const given = { features, labels: ["down", "flat", "up"], version: "7", notes: { family: "foreign" } };

/** A file that fits by its shapes and says nothing of itself, as other tools write it. */
function foreignFile(): Uint8Array {
  const graph = graphBuilder("foreign");
  const flat = graph.add("Flatten", [graph.input("x", "float", ["n", 1, 4, 3])], { axis: 1 });
  const weights = graph.constant([12, 3], new Float32Array(36).fill(0.1));
  graph.output("p", graph.add("Softmax", [graph.add("MatMul", [flat, weights])], { axis: 1 }), "float", ["n", 3]);
  return writeModel({ graph: graph.finish(), opset: 17, producer: "other", producerVersion: "1", metadata: {} });
}

describe("metadata given beside a file", () => {
  test("given a file without any, when it is added, then the file is one of ours, its graph as it was", () => {
    const file = foreignFile();
    expect(() => inspectModel(file, "foreign")).toThrow(/has no "tradewind.format"/);
    const dressed = withMetadata(file, propertiesOf({ ...given, expires_at: "2030-01-01T00:00:00Z" }, "foreign"));
    expect(dressed.subarray(0, file.length)).toEqual(file);
    const { metadata, signature } = inspectModel(dressed, "foreign");
    expect(metadata).toMatchObject({ version: "7", matrix: features, expiresAt: Date.UTC(2030, 0, 1), notes: { family: "foreign" } });
    expect(signature.labels).toEqual(["down", "flat", "up"]);
  });

  test("given a file that has its own, then what is given counts", () => {
    const file = referenceModel({ matrix: features, seed: 1 });
    expect(inspectModel(withMetadata(file, propertiesOf(given, "m")), "m").metadata).toMatchObject({
      version: "7",
      labels: REFERENCE_LABELS,
    });
  });

  test.each([
    ["no object", []],
    ["nothing", {}],
    ["no labels", { ...given, labels: "down,up" }],
    ["no plan", { ...given, features: { timeframes: ["1m"] } }],
    ["an unknown key", { ...given, feature: 1 }],
    ["a bad time", { ...given, expires_at: "soon" }],
    ["notes that are no texts", { ...given, notes: { seed: 1 } }],
    ["no version", { ...given, version: 1 }],
  ])("given %s, then one line says what is wrong", (_, bad) => {
    expect(() => propertiesOf(bad, "model m")).toThrow(
      expect.objectContaining({ code: "MODEL_METADATA", message: expect.stringMatching(/^[^\n]+$/) }),
    );
  });

  test("given notes that would drive a terminal, then what is kept of them is one line", () => {
    const notes = { family: "cnn\u001b[2J\u0007", metrics: "{\n  1\n}" };
    const { metadata } = inspectModel(withMetadata(foreignFile(), propertiesOf({ ...given, notes }, "m")), "m");
    expect(metadata.notes).toEqual({ family: "cnn [2J ", metrics: "{   1 }" });
  });

  test.each([
    ["a version of two lines", { version: "1\nmodel other is registered" }],
    ["a version without end", { version: "1".repeat(5_000) }],
    ["a label that drives a terminal", { labels: ["down", "\u001b[31m", "up"] }],
    ["a note as large as a model", { notes: { metrics: "x".repeat(100_000) } }],
    ["notes without end", { notes: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`n${i}`, ""])) }],
  ])("given %s, then the file is refused in one short line", (_, part) => {
    const file = withMetadata(foreignFile(), propertiesOf({ ...given, ...part }, "m"));
    expect(() => inspectModel(file, "m")).toThrow(
      expect.objectContaining({ code: "MODEL_METADATA", message: expect.stringMatching(/^\P{Cc}{1,400}$/u) }),
    );
  });
});

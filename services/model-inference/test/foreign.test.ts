import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { metadataKeys, readModelHeader, inspectModel, graphBuilder, metadataProperties, writeModel } from "@tradewind/onnx";
import { isFailure } from "@tradewind/core";
import { registerModel } from "../src/index.ts";
import { eachTestHasABus } from "./support/bus.ts";
import { hostOf } from "./support/hosts.ts";
import { ask, matrix, MODEL, settings, start } from "./support/scene.ts";

const scene = eachTestHasABus();
/** Written by the ONNX project's own writer: fixtures/foreign.py. */
const foreign = new Uint8Array(readFileSync(join(import.meta.dirname, "fixtures/foreign.onnx")));
/** What its reference evaluator, in numpy, gives for sin(0), sin(1), ...: up, flat, down. */
const REFERENCE = [
  [0.999983549118042, 5.320743167889705e-14, 1.6482530554640107e-5],
  [0.000534681195858866, 0.99946528673172, 1.1789205162139596e-23],
];
const numbers = Array.from({ length: 24 }, (_, i) => Math.fround(Math.sin(i)));

describe("a file that is not of our making", () => {
  test("given our metadata in it, when it is registered and asked, then it says what its maker's evaluator says", async () => {
    const bus = scene.bus();
    expect(readModelHeader(foreign, "foreign").producer).toBe("onnx.helper");
    await bus.blobs("model-files").put("upload-1", foreign);
    const service = await start(bus, settings({ run: { clock: "wall" } }));
    expect(await ask(bus, "register", { model: MODEL, blob: "upload-1", parameters: { state: "champion" } })).toMatchObject({ ok: true });
    const reply = await ask(bus, "predict", { model: MODEL, parameters: { matrix: numbers, rows: 2 } });
    expect(reply.ok).toBe(true);
    const { rows } = reply.data as { rows: { score: number; probabilities: Record<string, number> }[] };
    for (const [i, wanted] of REFERENCE.entries()) {
      const given = rows[i]!.probabilities;
      expect(Object.keys(given)).toEqual(["up", "flat", "down"]);
      for (const [j, value] of Object.values(given).entries()) expect(Math.abs(value - wanted[j]!)).toBeLessThan(1e-5);
      expect(rows[i]!.score).toBeCloseTo(wanted[0]! - wanted[2]!, 5);
    }
    await service.stop();
  });

  const replaced = (from: string, to: string): Uint8Array => {
    const text = Buffer.from(foreign).toString("latin1");
    expect(text).toContain(from);
    return new Uint8Array(Buffer.from(text.replace(from, to), "latin1"));
  };
  const { metadata } = readModelHeader(foreign, "foreign");
  const shaped = (input: readonly (number | string)[]): Uint8Array => {
    const graph = graphBuilder("shaped");
    graph.output("p", graph.input("x", "float", input), "float", ["N", 3]);
    return writeModel({ graph: graph.finish(), opset: 21, producer: "test", producerVersion: "1", metadata });
  };

  test.each([
    ["another feature schema", replaced(metadata[metadataKeys.featureSchema]!, "0".repeat(64)), "MODEL_FEATURES", "schema 00000000"],
    ["another shape", shaped(["N", 4, 4]), "MODEL_SHAPE", "[N, 4, 4]"],
    ["an operator set of the future", writeFuture(), "ONNX_OPSET", "27"],
    ["its end cut off", foreign.subarray(0, 700), "ONNX_INVALID", "bytes early"],
    ["no ONNX in it at all", new TextEncoder().encode("%PDF-1.7 and so on"), "ONNX_INVALID", "not a whole ONNX file"],
  ])("given %s, when it is registered, then one line says so and nothing is kept", async (_, file, code, part) => {
    const bus = scene.bus();
    const refused = await registerModel(bus, MODEL, file).catch((error: unknown) => error);
    if (!isFailure(refused)) throw new Error("it was taken");
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(/^[^\n]+$/);
    expect(refused.message).toContain(part);
    expect(await bus.kv("models").entries()).toEqual([]);
    expect(await bus.blobs("model-files").list()).toEqual([]);
  });
});

function writeFuture(): Uint8Array {
  const graph = graphBuilder("future");
  graph.output("p", graph.input("x", "float", ["N", 12]), "float", ["N", 3]);
  return writeModel({ graph: graph.finish(), opset: 27, producer: "test", producerVersion: "1", metadata: {} });
}

describe("half precision", () => {
  test("given weights of 16 bits behind a cast, when it is hosted, then it gives what it gives in 32 bits, to their precision", async () => {
    const [half, single] = [mixed("float16"), mixed("float")].map((file) => inspectModel(file, "mixed"));
    const answers = [];
    for (const model of [half!, single!]) {
      const host = hostOf(model, { maxRows: 4 });
      answers.push(await host.run(Float32Array.from(numbers.slice(0, 12)), 1));
      await host.stop();
    }
    expect(half!.bytes.length).toBeLessThan(single!.bytes.length);
    for (const [i, value] of answers[0]!.entries()) expect(Math.abs(value - answers[1]![i]!)).toBeLessThan(5e-3);
  });
});

/** One layer in the given precision; what goes in and comes out is 32 bits. */
function mixed(type: "float" | "float16"): Uint8Array {
  const graph = graphBuilder("mixed");
  const weights = Float32Array.from({ length: 36 }, (_, i) => Math.sin(i * 7) / 3);
  const flat = graph.add("Flatten", [graph.input("x", "float", ["batch", 12])], { axis: 1 });
  const constant =
    type === "float"
      ? graph.constant([12, 3], weights)
      : graph.add("Constant", [], {
          value: {
            tensor: { name: "w", type: "float16", dimensions: [12, 3], data: new Uint16Array(Float16Array.from(weights).buffer) },
          },
        });
  const cast = graph.add("Cast", [flat], { to: type === "float" ? 1 : 10 });
  const scores = graph.add("Cast", [graph.add("MatMul", [cast, constant])], { to: 1 });
  graph.output("p", graph.add("Softmax", [scores], { axis: 1 }), "float", ["batch", 3]);
  const about = metadataProperties({ matrix, labels: ["down", "flat", "up"], version: "1", notes: {} });
  return writeModel({ graph: graph.finish(), opset: 17, producer: "test", producerVersion: "1", metadata: about });
}

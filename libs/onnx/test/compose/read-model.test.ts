import { describe, expect, test } from "vitest";
import { readModel, referenceModel, writeModel, type Graph, type Model } from "../../src/index.ts";
import { wireWriter } from "../../src/wire-writer.ts";
import { openSmall, smallMatrices, smallMatrix } from "../support/small-task.ts";
import { branchingFile, outputsOf, plan, properties, strangersFile, treesFile } from "./files.ts";

function fileWith(graph: Partial<Graph>, model: Partial<Model> = {}): Uint8Array {
  const whole: Graph = { name: "g", inputs: [], outputs: [], constants: [], nodes: [], ...graph };
  return writeModel({ graph: whole, opset: 17, producer: "t", producerVersion: "1", metadata: properties, ...model });
}

describe("a model that is read whole", () => {
  test.each([
    ["the reference model", referenceModel({ matrix: plan, seed: 3 })],
    ["boosted trees", treesFile()],
    ["branches", branchingFile()],
  ])("given %s, when it is read and written, then the file is the same and so are its outputs", async (_, file) => {
    const again = writeModel(readModel(file, "file"));
    expect(Buffer.from(again).equals(file)).toBe(true);
    expect(await outputsOf(again, 5)).toEqual(await outputsOf(file, 5));
  });

  test.each(["cnn", "lstm", "transformer"] as const)(
    "given a %s, when its file is read and written, then its outputs are the same bits",
    async (family) => {
      const trainer = await openSmall(family);
      const file = trainer.export({ matrix: smallMatrix, version: "1", notes: {} });
      await trainer.release();
      const x = smallMatrices(3, 5);
      expect(await outputsOf(writeModel(readModel(file, family)), 3, x)).toEqual(await outputsOf(file, 3, x));
    },
  );

  test("given a file as other writers make them, when it is read and written, then its outputs are the same", async () => {
    const file = strangersFile();
    const model = readModel(file, "stranger");
    expect(model.graph.inputs.map((input) => input.name)).toEqual(["x"]);
    expect(model.graph.nodes[0]!.attributes).toEqual({ alpha: { float: 0.5 }, transB: 0 });
    expect(await outputsOf(writeModel(model), 5)).toEqual(await outputsOf(file, 5));
  });

  test("given every type of constant, when it is written and read, then each number is back", () => {
    const constants: Graph["constants"] = [
      { name: "float", type: "float", dimensions: [2], data: Float32Array.of(-0, 1e-40) },
      { name: "double", type: "double", dimensions: [], data: Float64Array.of(Math.PI) },
      { name: "int8", type: "int8", dimensions: [2, 1], data: Int8Array.of(-128, 127) },
      { name: "int16", type: "int16", dimensions: [1], data: Int16Array.of(-32_768) },
      { name: "int32", type: "int32", dimensions: [1], data: Int32Array.of(-1) },
      { name: "int64", type: "int64", dimensions: [1], data: BigInt64Array.of(-(2n ** 63n)) },
      { name: "uint8", type: "uint8", dimensions: [0], data: new Uint8Array(0) },
      { name: "uint16", type: "uint16", dimensions: [1], data: Uint16Array.of(65_535) },
      { name: "uint32", type: "uint32", dimensions: [1], data: Uint32Array.of(2 ** 32 - 1) },
      { name: "uint64", type: "uint64", dimensions: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
      { name: "bool", type: "bool", dimensions: [2], data: Uint8Array.of(0, 1) },
      { name: "float16", type: "float16", dimensions: [1], data: Uint16Array.of(0x3c00) },
      { name: "bfloat16", type: "bfloat16", dimensions: [1], data: Uint16Array.of(0x3f80) },
    ];
    expect(readModel(fileWith({ constants }), "file").graph.constants).toEqual(constants);
  });

  test("given every kind of attribute, when it is written and read, then it is back, beyond the exact numbers too", () => {
    const inner: Graph = {
      name: "inner",
      inputs: [{ name: "i", type: "int64", shape: [] }],
      outputs: [{ name: "o" }],
      constants: [],
      nodes: [],
    };
    const attributes = {
      whole: -7,
      largest: 2n ** 63n - 1n,
      wholes: [0, -1, -(2n ** 63n)],
      none: [],
      text: "ä",
      real: { float: 0.1 },
      reals: { floats: [0.5, -0.25] },
      texts: { texts: ["", "b"] },
      tensor: { tensor: { name: "t", type: "float" as const, dimensions: [1], data: Float32Array.of(2) } },
      graph: { graph: inner },
    };
    const nodes = [{ operator: "Any", domain: "com.microsoft", inputs: ["a", "", "b"], outputs: ["c"], attributes }];
    const read = readModel(fileWith({ nodes }), "file").graph.nodes;
    expect(read).toEqual([{ ...nodes[0], attributes: { ...attributes, real: { float: Math.fround(0.1) } } }]);
  });

  test("given weights as a packed list of many numbers, when it is read, then the stack holds", () => {
    const many = 400_000;
    const tensor = wireWriter()
      .int(1, many)
      .int(2, 1)
      .bytes(4, new Uint8Array(many * 4))
      .text(8, "w");
    const graph = wireWriter().message(5, tensor);
    const file = wireWriter().int(1, 8).message(7, graph).message(8, wireWriter().text(1, "").int(2, 17)).finish();
    expect(readModel(file, "file").graph.constants[0]!.data).toHaveLength(many);
  });
});

describe("a file with what cannot be held", () => {
  const nested = (depth: number): Graph => ({
    name: "g",
    inputs: [],
    outputs: [],
    constants: [],
    nodes: depth === 0 ? [] : [{ operator: "If", inputs: [], outputs: [], attributes: { then_branch: { graph: nested(depth - 1) } } }],
  });
  const wrapped = (field: number, message: Uint8Array): Uint8Array => {
    const graph = wireWriter().bytes(field, message);
    return wireWriter().int(1, 8).message(7, graph).message(8, wireWriter().text(1, "").int(2, 17)).finish().slice();
  };
  const constant = (type: number): Uint8Array => wireWriter().int(2, type).text(8, "w").bytes(9, Uint8Array.of(1)).finish();
  test.each([
    ["functions of its own", new Uint8Array([...fileWith({}), 0xca, 0x01, 0x00]), /defines functions of its own/],
    ["sparse constants", wrapped(15, new Uint8Array(0)), /sparse constants/],
    ["constants of eight-bit floats", wrapped(5, constant(17)), /a constant "w" of elements of type 17/],
    ["constants of text", wrapped(5, constant(8)), /a constant "w" of elements of type string/],
    [
      "a sequence as a value",
      wrapped(13 - 1, wireWriter().text(1, "s").message(2, wireWriter().message(4, wireWriter())).finish()),
      /"s" that is no tensor/,
    ],
    ["graphs within graphs without end", fileWith(nested(40)), /nests graphs deeper than 16/],
  ])("given %s, when it is read, then one line says so", (_, file, wanted) => {
    expect(() => readModel(file, "odd.onnx")).toThrow(
      expect.objectContaining({ code: "ONNX_UNSUPPORTED", message: expect.stringMatching(wanted) }),
    );
    expect(() => readModel(file, "odd.onnx")).toThrow(/^odd\.onnx [^\n]+$/);
  });
});

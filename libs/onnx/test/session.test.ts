import { describe, expect, test } from "vitest";
import { createPrng, defaultMatrixPlan, matrixSize } from "@tradewind/core";
import { graphBuilder, inspectModel, openModelSession, referenceModel, referenceWeights, verdictOf, writeModel } from "../src/index.ts";
import { fileOf, properties, smallPlan } from "./models.ts";

const options = { matrix: defaultMatrixPlan, seed: 11 };
const size = matrixSize(defaultMatrixPlan);

function matricesOf(rows: number): Float32Array {
  const prng = createPrng(5);
  return Float32Array.from({ length: rows * size }, () => prng.normal() / 4);
}

/** The reference model in float64. */
function byHand(matrix: Float32Array): number[] {
  const weights = referenceWeights(options);
  const logits = [0, 1, 2].map((label) => matrix.reduce((sum, value, i) => sum + value * weights[i * 3 + label]!, 0));
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

describe("a model in the runtime", () => {
  test("given random matrices, when it runs, then its outputs equal those of float64 arithmetic to 1e-5", async () => {
    const session = await openModelSession(inspectModel(referenceModel(options), "reference"));
    const matrices = matricesOf(50);
    const given = await session.run(matrices, 50);
    const wanted = Array.from({ length: 50 }, (_, row) => byHand(matrices.subarray(row * size, (row + 1) * size))).flat();
    for (const [i, value] of wanted.entries()) expect(Math.abs(given[i]! - value)).toBeLessThan(1e-5);
    await session.release();
  });

  test("given one matrix, when it runs in two sessions, then the bits are equal", async () => {
    const matrix = matricesOf(1);
    const outputs = [];
    for (let i = 0; i < 2; i++) {
      const session = await openModelSession(inspectModel(referenceModel(options), "reference"));
      outputs.push(await session.run(matrix, 1));
      await session.release();
    }
    expect(outputs[0]).toEqual(outputs[1]);
  });

  test("given a file with a batch of 1, when several rows are asked for, then each is run by itself", async () => {
    const graph = graphBuilder("fixed");
    const flat = graph.add("Flatten", [graph.input("x", "float", [1, 6])], { axis: 1 });
    const weights = graph.constant(
      [6, 3],
      Float32Array.from({ length: 18 }, (_, i) => i / 18),
    );
    graph.output("y", graph.add("Softmax", [graph.add("MatMul", [flat, weights])], { axis: 1 }), "float", [1, 3]);
    const file = writeModel({ graph: graph.finish(), opset: 17, producer: "t", producerVersion: "1", metadata: properties(smallPlan) });
    const session = await openModelSession(inspectModel(file, "fixed"));
    const rows = matricesOf(1).slice(0, 12);
    const both = await session.run(rows, 2);
    expect(both.slice(0, 3)).toEqual(await session.run(rows.slice(0, 6), 1));
    expect(both.slice(3)).toEqual(await session.run(rows.slice(6), 1));
    await session.release();
  });

  test("given a graph the runtime does not take, when it is opened, then it fails in one line", async () => {
    const graph = graphBuilder("broken");
    graph.output("y", graph.add("NoSuchOperator", [graph.input("x", "float", ["batch", 6])]), "float", ["batch", 3]);
    const file = writeModel({ graph: graph.finish(), opset: 17, producer: "t", producerVersion: "1", metadata: properties(smallPlan) });
    await expect(openModelSession(inspectModel(file, "broken"))).rejects.toMatchObject({
      code: "MODEL_LOAD",
      message: expect.stringMatching(/^the model cannot be loaded: [^\n]+$/) as string,
    });
  });

  test("given outputs that are no probabilities, when it runs, then it fails and gives no score", async () => {
    const session = await openModelSession(inspectModel(fileOf({ input: ["batch", 6], output: ["batch", "classes"] }), "raw"));
    await expect(session.run(new Float32Array(6), 1)).rejects.toMatchObject({ code: "MODEL_OUTPUT" });
    await session.release();
  });

  test("given probabilities in another order, when they are read, then the labels say which is up", () => {
    expect(verdictOf(Float32Array.of(0, 0, 0, 0.5, 0.25, 0.25), 1, ["up", "flat", "down"])).toEqual({
      score: 0.25,
      confidence: 0.5,
      probabilities: { up: 0.5, flat: 0.25, down: 0.25 },
    });
  });
});

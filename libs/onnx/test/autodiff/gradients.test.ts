import { readdirSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { createPrng, type Prng } from "@tradewind/core";
import { meanOfAll, multiply, scale } from "../../src/autodiff/arithmetic.ts";
import { gradients } from "../../src/autodiff/gradients.ts";
import { operations } from "../../src/autodiff/registry.ts";
import { openTape, type Variable } from "../../src/autodiff/tape.ts";
import { writeModel } from "../../src/index.ts";
import { operationCases, type OperationCase, type OperationInputs } from "./operation-cases.ts";

const SEED = 3;
const STEP = 1e-5;
const TOLERANCE = 1e-6;

/** Files of the folder that hold no differentiable operations, and functions without a gradient. */
const MACHINERY = ["tape.ts", "shapes.ts", "gradients.ts", "registry.ts", "served-layers.ts"];
const WITHOUT_GRADIENT = ["equal", "oneHot", "argMax"];

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** A graph in float64 of loss = sum(operation(inputs) * weights), and of its gradients as the tape gives them. */
async function lossOf({ shapes, of }: OperationCase, prng: Prng) {
  const tape = openTape("check");
  const inputs = shapes.map((shape, i) => tape.input(`x${i}`, shape, { type: "double" }));
  const result = of(...(inputs as OperationInputs));
  // Random weights, so that an error in one element cannot hide behind another.
  const weights = tape.constant(
    result.shape,
    Float64Array.from({ length: sizeOf(result.shape) }, () => prng.normal()),
    "double",
  );
  const loss = scale(meanOfAll(multiply(result, weights)), sizeOf(result.shape));
  tape.output("loss", loss);
  for (const [i, gradient] of gradients(loss, inputs).entries()) tape.output(`gradient${i}`, gradient);
  const bytes = writeModel({ graph: tape.finish(), opset: 17, producer: "test", producerVersion: "1", metadata: {} });
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  return async (values: readonly Float64Array[], wanted: readonly string[]): Promise<Record<string, Float64Array>> => {
    const feeds = Object.fromEntries(values.map((data, i) => [`x${i}`, new Tensor("float64", data, [...shapes[i]!])]));
    const results = await session.run(feeds, [...wanted]);
    return Object.fromEntries(wanted.map((name) => [name, results[name]!.data as Float64Array]));
  };
}

async function worstError(operation: OperationCase): Promise<number> {
  const prng = createPrng(SEED);
  const run = await lossOf(operation, prng);
  const step = operation.step ?? STEP;
  const draw = (): number => (operation.positive === true ? 0.5 + prng.next() : prng.normal());
  const values = operation.shapes.map((shape) => Float64Array.from({ length: sizeOf(shape) }, draw));
  const given = await run(
    values,
    values.map((_, i) => `gradient${i}`),
  );
  let worst = 0;
  for (const [i, data] of values.entries()) {
    const symbolic = given[`gradient${i}`]!;
    expect(symbolic).toHaveLength(data.length);
    for (let j = 0; j < data.length; j++) {
      const lossAt = async (moved: number): Promise<number> => {
        const changed = values.map((array, k) => (k === i ? array.with(j, moved) : array));
        return (await run(changed, ["loss"]))["loss"]![0]!;
      };
      const numeric = ((await lossAt(data[j]! + step)) - (await lossAt(data[j]! - step))) / (2 * step);
      worst = Math.max(worst, Math.abs(numeric - symbolic[j]!) / Math.max(1, Math.abs(numeric)));
    }
  }
  return worst;
}

describe("gradients", () => {
  test.each(Object.entries(operationCases).flatMap(([name, cases]) => cases.map((each, i) => ({ name, i, each }))))(
    "of $name ($i), given random inputs, when compared with finite differences, then they agree",
    async ({ each }) => {
      expect(await worstError(each), `seed ${SEED}`).toBeLessThan(TOLERANCE);
    },
  );

  test("given every operation of the registry, when its case is looked up, then there is one", () => {
    expect(Object.keys(operationCases).toSorted()).toEqual(Object.keys(operations).toSorted());
  });

  test("given every function in the folder, when it is looked up in the registry, then it is there or has no gradient by design", async () => {
    const dir = join(import.meta.dirname, "../../src/autodiff");
    const missing: string[] = [];
    for (const file of readdirSync(dir).filter((name) => !MACHINERY.includes(name)))
      for (const [name, value] of Object.entries((await import(join(dir, file))) as Record<string, unknown>))
        if (typeof value === "function" && !(name in operations) && !WITHOUT_GRADIENT.includes(name)) missing.push(`${file}: ${name}`);
    expect(missing).toEqual([]);
  });

  test("given a value used on several paths, when its gradient is taken, then the paths are added", async () => {
    const { add, matmul } = operations;
    const error = await worstError({ shapes: [[3, 3]], of: (x: Variable) => multiply(x, add(matmul(x, x), x)) });
    expect(error, `seed ${SEED}`).toBeLessThan(TOLERANCE);
  });

  test("given a gradient, when its own gradient is taken, then it agrees with finite differences too", async () => {
    const slope = (x: Variable): Variable => {
      const { relu, tanh } = operations;
      return gradients(meanOfAll(multiply(tanh(multiply(x, x)), relu(x))), [x])[0]!;
    };
    expect(await worstError({ shapes: [[4, 2]], of: slope }), `seed ${SEED}`).toBeLessThan(TOLERANCE);
  });

  test("given a loss that does not depend on a value, when its gradient is taken, then the failure names both", () => {
    const tape = openTape("apart");
    const [a, b] = [tape.input("a", [2]), tape.input("b", [2])];
    expect(() => gradients(meanOfAll(a), [b])).toThrow(expect.objectContaining({ code: "GRADIENT_UNREACHED" }));
    expect(() => gradients(a, [a])).toThrow(expect.objectContaining({ code: "GRADIENT_LOSS" }));
  });

  test("given a step whose result nobody needs, when the graph is finished, then it is not in it", () => {
    const tape = openTape("dead");
    const x = tape.input("x", [2]);
    operations.sigmoid(x);
    tape.output("y", operations.tanh(x));
    expect(tape.finish().nodes.map(({ operator }) => operator)).toEqual(["Tanh", "Identity"]);
  });

  test.each([
    ["add", (a: Variable, b: Variable) => operations.add(a, b)],
    ["matmul", (a: Variable, b: Variable) => operations.matmul(a, b)],
    ["reshape", (a: Variable) => operations.reshape(a, [5])],
  ])("given shapes that %s cannot take, when it is written down, then the failure shows them", (_name, of) => {
    const tape = openTape("shapes");
    expect(() => of(tape.input("a", [2, 3]), tape.input("b", [2, 4]))).toThrow(expect.objectContaining({ code: "TENSOR_SHAPE" }));
  });
});

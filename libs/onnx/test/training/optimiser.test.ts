import { Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { createPrng } from "@tradewind/core";
import { openTape } from "../../src/autodiff/tape.ts";
import type { ParameterSpec } from "../../src/families/family.ts";
import { zeros } from "../../src/families/initial.ts";
import { adamW, biasCorrections } from "../../src/training/optimiser.ts";
import { openGraph } from "../../src/training/runtime.ts";
import type { OptimiserOptions } from "../../src/index.ts";

const RATE = 0.05;
const STEPS = 6;
/** A matrix, which decays, and a bias, which does not. */
const specs: readonly ParameterSpec[] = [
  { name: "weight", shape: [3, 4], initial: zeros },
  { name: "bias", shape: [4], initial: zeros },
];
const COUNT = 16;
const DECAYING = 12;

function gradientOf(step: number): Float32Array {
  const prng = createPrng(step);
  return Float32Array.from({ length: COUNT }, () => prng.normal() * 3);
}

/** The update of the AdamW paper, its algorithm 2, in float64. */
function inFloat64({ weightDecay = 0, clipNorm = 0 }: OptimiserOptions, theta: Float64Array): Float64Array {
  const [m, v] = [new Float64Array(COUNT), new Float64Array(COUNT)];
  for (let step = 1; step <= STEPS; step++) {
    const gradient = Float64Array.from(gradientOf(step));
    const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
    const factor = clipNorm > 0 && norm > clipNorm ? clipNorm / norm : 1;
    for (let i = 0; i < COUNT; i++) {
      const g = gradient[i]! * factor;
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      const decay = i < DECAYING ? weightDecay * theta[i]! : 0;
      theta[i]! -= RATE * (m[i]! / (1 - 0.9 ** step) / (Math.sqrt(v[i]! / (1 - 0.999 ** step)) + 1e-7) + decay);
    }
  }
  return theta;
}

async function inGraph(options: OptimiserOptions, theta: Float32Array): Promise<Float32Array> {
  const tape = openTape("optimiser");
  const state = { theta: tape.input("theta", [COUNT]), m: tape.input("m", [COUNT]), v: tape.input("v", [COUNT]) };
  const scalars = { rate: tape.input("rate", []), meanCorrection: tape.input("mean", []), squareCorrection: tape.input("square", []) };
  const next = adamW(state, tape.input("gradient", [COUNT]), scalars, options, specs);
  for (const name of ["theta", "m", "v"] as const) tape.output(`next_${name}`, next[name]);
  const graph = await openGraph(tape.finish());
  const vector = (data: Float32Array): Tensor => new Tensor("float32", data, [COUNT]);
  const number = (value: number): Tensor => new Tensor("float32", Float32Array.of(value), []);
  let vectors = { theta: vector(theta), m: vector(new Float32Array(COUNT)), v: vector(new Float32Array(COUNT)) };
  for (let step = 1; step <= STEPS; step++) {
    const { mean, square } = biasCorrections(step);
    const inputs = { ...vectors, gradient: vector(gradientOf(step)), rate: number(RATE), mean: number(mean), square: number(square) };
    const results = (await graph.run(inputs)) as Record<string, Tensor>;
    vectors = { theta: results["next_theta"]!, m: results["next_m"]!, v: results["next_v"]! };
  }
  await graph.release();
  return vectors.theta.data as Float32Array;
}

describe("the optimiser", () => {
  test.each([
    ["Adam", {}],
    ["AdamW", { weightDecay: 0.1 }],
    ["Adam with short gradients", { clipNorm: 1 }],
    ["Adam with a limit that no gradient reaches", { clipNorm: 1e6 }],
    ["AdamW with short gradients", { weightDecay: 0.3, clipNorm: 2 }],
  ])("given %s, when it makes six steps, then the weights equal those of float64 arithmetic", async (_name, more) => {
    const options = { learningRate: RATE, ...more };
    const theta = gradientOf(77);
    const given = await inGraph(options, theta);
    const wanted = inFloat64(options, Float64Array.from(theta));
    for (let i = 0; i < COUNT; i++) expect(Math.abs(given[i]! - wanted[i]!)).toBeLessThan(1e-5);
  });
});

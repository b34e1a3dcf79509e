import { createPrng, directionLabels, type Dataset } from "@tradewind/core";
import { inspectModel, openModelSession, openNetTrainer, type NetTrainer } from "@tradewind/onnx";
import { describe, expect, test } from "vitest";
import { createAgent, softmax, type Agent } from "../src/rl/agent.ts";
import { replayMemory } from "../src/rl/memory.ts";
import { fittedTemperature } from "../src/rl/temperature.ts";
import { volumes } from "./rl-support.ts";

const ROW = 9;
const STATES = 200;

/** States in which the sign of the first number says which side earns. */
function states(): Float32Array {
  const prng = createPrng(6);
  return Float32Array.from({ length: STATES * ROW }, () => prng.normal());
}
const all = states();
const stateOf = (state: number): Float32Array => all.subarray(state * ROW, (state + 1) * ROW);
const rewardOf = (state: number, action: number): number => (action - 1) * Math.sign(stateOf(state)[0]!);

async function open(temperature = 0.5): Promise<{ trainer: NetTrainer; agent: Agent }> {
  const trainer = await openNetTrainer({
    family: "dqn",
    objective: "q_values",
    discount: 0,
    settings: { first_width: 16, second_width: 8 },
    shape: { timeframes: 1, window: 3, features: 3 },
    labels: directionLabels,
    normaliser: { mean: new Float32Array(3), deviation: new Float32Array(3).fill(1) },
    batch: 32,
    seed: 5,
    optimiser: { learningRate: 0.01 },
  });
  const agent = createAgent({ trainer, stateOf, capacity: 1_000, batch: 32, syncEvery: 10, temperature: () => temperature, seed: 5 });
  return { trainer, agent };
}

describe("an agent", () => {
  test("given what it did and what it earned, when it replays that, then it acts on it, and says what a served file of it says", async () => {
    const { trainer, agent } = await open();
    expect(await agent.replay()).toBeUndefined();
    for (let state = 0; state < STATES; state++)
      for (const action of [0, 1, 2]) agent.remember({ state, action, reward: rewardOf(state, action), next: state, done: true });
    const losses: number[] = [];
    for (let i = 0; i < 400; i++) losses.push((await agent.replay())!);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 5);
    let right = 0;
    for (let state = 0; state < STATES; state++) right += rewardOf(state, await agent.act(stateOf(state), 0)) === 1 ? 1 : 0;
    expect(right / STATES).toBeGreaterThan(0.95);

    const { action, confidence, values } = await agent.actWithConfidence(stateOf(3));
    expect(values).toHaveLength(directionLabels.length);
    const session = await openModelSession(
      inspectModel(trainer.export({ matrix: volumes, version: "v", notes: {}, temperature: 0.5 }), "agent"),
    );
    const served = await session.run(stateOf(3), 1);
    expect(served.indexOf(Math.max(...served))).toBe(action);
    expect(confidence).toBeCloseTo(served[action]!, 5);
    await session.release();
    await trainer.release();
  });

  test("given epsilon, when it acts, then so many actions are any of the three", async () => {
    const { trainer, agent } = await open();
    const [greedy, random, half] = [
      await agent.actAll(all, STATES, 0),
      await agent.actAll(all, STATES, 1),
      await agent.actAll(all, STATES, 0.5),
    ];
    const differ = (some: Int32Array): number => some.filter((action, i) => action !== greedy[i]).length / STATES;
    expect([...(await agent.actAll(all, STATES, 0))]).toEqual([...greedy]);
    expect(differ(random)).toBeGreaterThan(0.5);
    expect(differ(half)).toBeGreaterThan(0.2);
    expect(differ(half)).toBeLessThan(0.47);
    expect(new Set(random)).toEqual(new Set([0, 1, 2]));
    await trainer.release();
  });
});

test("given a full memory, when more comes, then the oldest goes, and a copy goes on alike", () => {
  const memory = replayMemory(4);
  for (let state = 0; state < 6; state++) memory.add({ state, action: state % 3, reward: state / 2, next: state + 1, done: state === 5 });
  const copy = replayMemory(4);
  copy.restore(structuredClone(memory.snapshot()));
  for (const one of [memory, copy]) {
    expect(one.size).toBe(4);
    expect([0, 1, 2, 3].map((place) => one.at(place).state).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5]);
    one.add({ state: 9, action: 0, reward: 0, next: 9, done: false });
    expect([0, 1, 2, 3].map((place) => one.at(place).state).toSorted((a, b) => a - b)).toEqual([3, 4, 5, 9]);
  }
});

describe("the temperature of an agent's probabilities", () => {
  const rows = Int32Array.from({ length: 600 }, (_, row) => row);
  const prng = createPrng(2);
  const label = Int32Array.from(rows, () => prng.below(3));
  const fitted = (values: Float32Array): Float32Array =>
    softmax(values, rows.length, fittedTemperature({ label } as unknown as Dataset, rows, values));

  test("given values that know, when it is fitted, then they are said to be sure; given values that do not, then hardly more than even", () => {
    const knows = Float32Array.from({ length: rows.length * 3 }, (_, i) => (label[Math.floor(i / 3)] === i % 3 ? 1 : 0));
    const guesses = Float32Array.from({ length: rows.length * 3 }, () => prng.normal());
    expect(fitted(knows)[label[0]!]).toBeGreaterThan(0.99);
    expect(Math.max(...fitted(guesses))).toBeLessThan(0.45);
  });
});

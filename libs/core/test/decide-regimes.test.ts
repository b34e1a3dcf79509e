import { describe, expect, test } from "vitest";
import {
  calendarNamed,
  createDecide,
  createPrng,
  decodeSnapshot,
  encodeSnapshot,
  type DecideMachine,
  type Decision,
  type MemberPlan,
  type VariantPlan,
} from "../src/index.ts";
import { flat, instrument, MINUTE, plan as planWith, T0 } from "./support/builders.ts";

const FLOOR = 0.05;
const member = (source: string): MemberPlan => ({ source, kind: "model", name: source, parameters: {}, weight: 1 });
const names = ["a", "b", "c", "d"];

function planOf(regimes: "none" | "volatility_trend", learningRate = 0.3): VariantPlan {
  const decision = { threshold: 0.1, everyCloses: 1, validForCloses: 1, learningRate, weightFloor: FLOOR, regimes };
  return planWith([instrument("spot")], { members: names.map(member), decision });
}

const machineOf = (plan: VariantPlan): DecideMachine => createDecide(plan, calendarNamed("crypto-24-7"));

/** A close and every member's vote on it; NaN abstains. */
function close(machine: DecideMachine, bar: number, price: number, votes: readonly number[]): Decision {
  const about = { instrument: "BTC-USD", closeTime: T0 + (bar + 1) * MINUTE };
  machine.step({ type: "close", candle: flat(bar, price) });
  const made = votes.flatMap((score, i) => [
    ...machine.step(
      Number.isNaN(score)
        ? { type: "abstention", abstention: { ...about, source: names[i]!, reason: "expired" } }
        : {
            type: "prediction",
            prediction: { ...about, source: names[i]!, score, confidence: 1, modelHash: "0123456789", featureSchema: "00" },
          },
    ),
  ]);
  expect(made).toHaveLength(1);
  return made[0]!;
}

/** A market of four phases, each of one regime for long enough to be told from the others. */
function phases(seed: number, length = 150): number[] {
  const prng = createPrng(seed);
  const prices = [100];
  for (const [drift, noise] of [
    [0, 0.001],
    [0.001, 0.0004],
    [0, 0.006],
    [0.006, 0.003],
  ] as const)
    for (let i = 0; i < length; i++) prices.push(prices.at(-1)! * (1 + drift + noise * prng.normal()));
  return prices;
}

describe("given weights by regime", () => {
  test("when the market calms, trends, grows wild and runs, then each decision names its regime, and none flickers", () => {
    const seen = new Set<string>();
    let changes = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const machine = machineOf(planOf("volatility_trend"));
      let last: string | undefined;
      phases(seed).forEach((price, bar) => {
        const { regime } = close(machine, bar, price, [0, 0, 0, 0]);
        seen.add(regime!);
        if (last !== undefined && regime !== last) changes += 1;
        last = regime;
      });
    }
    expect(seen).toEqual(new Set(["calm_range", "calm_trend", "wild_range", "wild_trend"]));
    // Ten markets of 600 closes with three true changes each.
    expect(changes).toBeLessThan(10 * 40);
  });

  test("when members are right at random, then shares sum to 1 and stay over the floor in every regime", () => {
    for (let seed = 1; seed <= 25; seed++) {
      const prng = createPrng(seed + 500);
      const machine = machineOf(planOf("volatility_trend", 1));
      phases(seed, 60).forEach((price, bar) => {
        const votes = names.map(() => (prng.chance(0.2) ? Number.NaN : 2 * prng.next() - 1));
        const weights = close(machine, bar, price, votes).votes.map(({ weight }) => weight);
        expect(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1), `seed ${seed}, bar ${bar}`).toBeLessThan(1e-12);
        for (const weight of weights) expect(weight, `seed ${seed}, bar ${bar}`).toBeGreaterThanOrEqual(FLOOR - 1e-15);
      });
    }
  });

  test("when one member is right in calm markets and another in wild ones, then each leads in its own", () => {
    const machine = machineOf(planOf("volatility_trend", 0.1));
    const prng = createPrng(9);
    const lead = new Map<string, number[]>();
    let price = 100;
    let up = true;
    for (let bar = 0; bar < 3_000; bar++) {
      const wild = Math.floor(bar / 150) % 2 === 1;
      const decision = close(machine, bar, price, [wild ? (up ? -1 : 1) : up ? 1 : -1, wild ? (up ? 1 : -1) : up ? -1 : 1, 0, 0]);
      lead.set(
        decision.regime!,
        decision.votes.map(({ weight }) => weight),
      );
      price *= 1 + (up ? 1 : -1) * (wild ? 0.01 : 0.001);
      up = prng.chance(0.5);
    }
    const [calm, wild] = [lead.get("calm_range")!, lead.get("wild_range")!];
    expect(calm[0]).toBeGreaterThan(2 * calm[1]!);
    expect(wild[1]).toBeGreaterThan(2 * wild[0]!);
  });

  test("when a regime is seen for the first time, then it begins with what all of them have taught", () => {
    const machine = machineOf(planOf("volatility_trend"));
    const seen = new Set<string>();
    const prices = phases(3);
    prices.forEach((price, bar) => {
      const next = prices[bar + 1] ?? price;
      const { regime, votes } = close(machine, bar, price, [next > price ? 1 : -1, 0, 0, 0]);
      if (!seen.has(regime!)) {
        const { state } = machine.snapshot() as { state: { weights: { shares: Float64Array } } };
        expect(votes.map(({ weight }) => weight)).toEqual([...state.weights.shares]);
        if (seen.size > 0) expect(votes[0]!.weight).toBeGreaterThan(0.25);
      }
      seen.add(regime!);
    });
    expect(seen.size).toBeGreaterThan(1);
  });

  test("when it is cut anywhere and restored from text, then it goes on bit for bit", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const prng = createPrng(seed);
      const prices = phases(seed, 40);
      const votes = prices.map(() => names.map(() => 2 * prng.next() - 1));
      const whole = machineOf(planOf("volatility_trend"));
      const cut = prng.below(prices.length);
      let heir = machineOf(planOf("volatility_trend"));
      prices.forEach((price, bar) => {
        if (bar === cut) {
          const saved = encodeSnapshot(heir.snapshot());
          heir = machineOf(planOf("volatility_trend"));
          heir.restore(decodeSnapshot(saved));
        }
        expect(encodeSnapshot(close(heir, bar, price, votes[bar]!)), `seed ${seed}`).toBe(
          encodeSnapshot(close(whole, bar, price, votes[bar]!)),
        );
      });
    }
  });
});

describe.each(["none", "volatility_trend"] as const)("given regimes %s", (regimes) => {
  test("when a member is made worse on purpose, then it loses weight within 60 closes and lies at the floor within 200", () => {
    const machine = machineOf(planOf(regimes, 0.05));
    const prng = createPrng(4);
    const weights: number[] = [];
    let price = 100;
    for (let bar = 0; bar < 600; bar++) {
      const change = prng.normal() * 0.002;
      const right = Math.sign(change);
      // All are right six times out of ten; from bar 400 on the first says the opposite of what it means.
      const vote = (): number => (prng.chance(0.6) ? right : -right) * 0.8;
      const votes = names.map(vote);
      if (bar >= 400) votes[0] = (prng.chance(0.8) ? -right : right) * 0.8;
      const decision = close(machine, bar, price, votes);
      weights.push(decision.votes[0]!.weight);
      price *= 1 + change;
    }
    const [before, soon, later] = [weights[400]!, weights[460]!, Math.min(...weights.slice(400))];
    expect(soon, `${before} before, ${soon} after 60 closes`).toBeLessThan(before / 2);
    expect(later, `${before} before, ${later} at the least`).toBeLessThan(FLOOR * 1.2);
  });

  test("when a member abstains, then it keeps its share and does not vote", () => {
    const machine = machineOf(planOf(regimes));
    close(machine, 0, 100, [1, -1, Number.NaN, Number.NaN]);
    const after = close(machine, 1, 101, [1, 1, Number.NaN, Number.NaN]);
    const weights = after.votes.map(({ weight }) => weight);
    expect(weights[0]).toBeGreaterThan(weights[1]!);
    expect(weights[2]).toBe(weights[3]);
    expect(weights[2]).toBeGreaterThan(weights[1]!);
    expect(weights[2]).toBeLessThan(weights[0]!);
    expect(after.votes.slice(2).map(({ vote }) => vote)).toEqual([null, null]);
    expect(after.score).toBe(1);
  });
});

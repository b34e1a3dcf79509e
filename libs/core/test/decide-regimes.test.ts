import { describe, expect, test } from "vitest";
import { createPrng, decodeSnapshot, encodeSnapshot } from "../src/index.ts";
import { close, FLOOR, names, voters, weightsOfTurncoat } from "./support/voters.ts";

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
      const machine = voters("volatility_trend");
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

  test.each(["none", "volatility_trend"] as const)(
    "of %s, when members are right at random, then shares sum to 1 and none is below the floor",
    (regimes) => {
      for (let seed = 1; seed <= 25; seed++) {
        const prng = createPrng(seed + 500);
        const machine = voters(regimes, 1);
        phases(seed, 60).forEach((price, bar) => {
          const votes = names.map(() => (prng.chance(0.2) ? Number.NaN : 2 * prng.next() - 1));
          const weights = close(machine, bar, price, votes).votes.map(({ weight }) => weight);
          expect(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1), `seed ${seed}, bar ${bar}`).toBeLessThan(1e-12);
          for (const weight of weights) expect(weight, `seed ${seed}, bar ${bar}`).toBeGreaterThanOrEqual(FLOOR - 1e-15);
        });
      }
    },
  );

  test("when one member is right in calm markets and another in wild ones, then each leads in its own", () => {
    const machine = voters("volatility_trend", 0.1);
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
    const machine = voters("volatility_trend");
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
      const whole = voters("volatility_trend");
      const cut = prng.below(prices.length);
      let heir = voters("volatility_trend");
      prices.forEach((price, bar) => {
        if (bar === cut) {
          const saved = encodeSnapshot(heir.snapshot());
          heir = voters("volatility_trend");
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
    const weights = weightsOfTurncoat(regimes, 4, 400, 600);
    const [before, soon, later] = [weights[400]!, weights[460]!, Math.min(...weights.slice(400))];
    expect(soon, `${before} before, ${soon} after 60 closes`).toBeLessThan(before / 2);
    expect(later, `${before} before, ${later} at the least`).toBeLessThan(FLOOR * 1.2);
  });

  test("when a member abstains, then it keeps its share and does not vote", () => {
    const machine = voters(regimes);
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

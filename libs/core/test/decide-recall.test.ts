import { describe, expect, test } from "vitest";
import {
  calendarNamed,
  createDecide,
  createPrng,
  encodeSnapshot,
  type DecideEvent,
  type DecideMachine,
  type Decision,
  type MemberPlan,
  type Prng,
  type VariantPlan,
} from "../src/index.ts";
import { flat, instrument, MINUTE, plan as planWith, T0 } from "./support/builders.ts";

const calendar = calendarNamed("crypto-24-7");
const member = (source: string, over: Partial<MemberPlan> = {}): MemberPlan => ({
  source,
  kind: "strategy",
  name: source,
  parameters: {},
  weight: 1,
  ...over,
});
const members = [member("first", { weight: 2 }), member("second"), member("nn", { kind: "model" })];

function planOf(over: Partial<VariantPlan> = {}): VariantPlan {
  const decision = { threshold: 0.1, everyCloses: 3, validForCloses: 1, learningRate: 0.2, weightFloor: 0.05, regimes: "none" as const };
  return planWith([instrument("spot")], { members, decision, ...over });
}

/** Enough for regimes to come and go. */
const BARS = 120;

const closeTimeOf = (bar: number): number => T0 + (bar + 1) * MINUTE;

/** One member's word on a bar's close, or its silence in words. */
function wordOf(source: string, bar: number, prng: Prng): DecideEvent {
  const about = { source, instrument: "BTC-USD", closeTime: closeTimeOf(bar) };
  if (prng.chance(0.1)) return { type: "abstention", abstention: { ...about, reason: "no view" } };
  if (source === "nn")
    return {
      type: "prediction",
      prediction: { ...about, score: 0.01 + prng.next() * 0.9, confidence: 0.5, modelHash: "0123456789", featureSchema: "00" },
    };
  const action = (["BUY", "SELL", "HOLD"] as const)[prng.below(3)]!;
  return { type: "signal", signal: { ...about, action, confidence: 0.1 + 0.9 * prng.next(), reason: `bar ${bar}` } };
}

/** What subjects carry over some bars, mixed as subjects may be: each in its own order, one ahead of another. */
function roadOf(bars: number, seed: number): DecideEvent[] {
  const prng = createPrng(seed);
  let price = 100;
  const closes = Array.from({ length: bars }, (_, bar): DecideEvent => {
    price *= 1 + 0.01 * prng.normal();
    return { type: "close", candle: flat(bar, price) };
  });
  const subjects = [closes, ...members.map(({ source }) => Array.from({ length: bars }, (_, bar) => wordOf(source, bar, prng)))];
  const road: DecideEvent[] = [];
  while (road.length < bars * subjects.length) {
    const waiting = subjects.filter((subject) => subject.length > 0);
    road.push(waiting[prng.below(waiting.length)]!.shift()!);
  }
  return road;
}

const run = (machine: DecideMachine, road: readonly DecideEvent[]): Decision[] => road.flatMap((event) => [...machine.step(event)]);
const asLogged = (decision: Decision): Decision => JSON.parse(JSON.stringify(decision)) as Decision;

const byRegime = (): VariantPlan => planOf({ decision: { ...planOf().decision, regimes: "volatility_trend" } });

describe.each([
  ["one set of weights", planOf],
  ["weights by regime", byRegime],
] as const)("given decisions found in the log and %s, when a machine recalls them", (_name, planOf) => {
  test("then it goes on as the one that made them, bit for bit, wherever that was", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const road = roadOf(BARS, seed);
      const maker = createDecide(planOf(), calendar);
      const made = run(maker, road);
      expect(made).toHaveLength(BARS);
      const known = createPrng(seed + 1_000).below(BARS + 1);

      const heir = createDecide(planOf(), calendar);
      for (const decision of made.slice(0, known)) heir.recall(asLogged(decision));
      const rest = run(heir, road);

      expect(rest.map(encodeSnapshot), `seed ${seed}, ${known} recalled`).toEqual(made.slice(known).map(encodeSnapshot));
      expect(encodeSnapshot(heir.snapshot()), `seed ${seed}`).toBe(encodeSnapshot(maker.snapshot()));
    }
  });

  test("then one restored from an older snapshot, with polls under way, goes on the same", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const road = roadOf(BARS, seed);
      const prng = createPrng(seed + 2_000);
      const cut = prng.below(road.length);
      const maker = createDecide(planOf(), calendar);
      const before = run(maker, road.slice(0, cut));
      const snapshot = maker.snapshot();
      const after = run(maker, road.slice(cut));
      const known = prng.below(after.length + 1);

      const heir = createDecide(planOf(), calendar);
      heir.restore(snapshot);
      for (const decision of [...before, ...after.slice(0, known)]) heir.recall(asLogged(decision));
      const rest = run(heir, road.slice(cut));

      expect(rest.map(encodeSnapshot), `seed ${seed}, cut at ${cut}, ${known} recalled`).toEqual(after.slice(known).map(encodeSnapshot));
    }
  });
});

describe("given decisions found in the log, when a machine recalls them", () => {
  test("then the weights are those of the log, even where the log's were learnt otherwise", () => {
    const made = run(createDecide(planOf(), calendar), roadOf(20, 5));
    const heir = createDecide(planOf(), calendar);
    const told = made.map((decision) => ({
      ...decision,
      votes: decision.votes.map((vote, i) => ({ ...vote, weight: [0.7, 0.2, 0.1][i]! })),
    }));
    for (const decision of told) heir.recall(decision);
    const { state } = heir.snapshot() as { state: { weights: { shares: Float64Array } } };
    expect([...state.weights.shares]).toEqual([0.7, 0.2, 0.1]);
  });

  test("then other members' decisions close their closes and teach nothing", () => {
    const road = roadOf(20, 3);
    const made = run(createDecide(planOf(), calendar), road);
    const other = planOf({ members: members.map((each) => ({ ...each, source: `${each.source}2` })) });
    const heir = createDecide(other, calendar);
    const { state: fresh } = createDecide(other, calendar).snapshot() as { state: { weights: { shares: Float64Array } } };
    for (const decision of made) heir.recall(decision);
    const { state } = heir.snapshot() as { state: { weights: { shares: Float64Array }; lastDecided: number } };
    expect(state.weights.shares).toEqual(fresh.weights.shares);
    expect(state.lastDecided).toBe(closeTimeOf(19));
    expect(run(heir, road)).toEqual([]);
  });

  test("then configured weights stay where nothing is learnt", () => {
    const still = (weight: number): VariantPlan =>
      planOf({
        members: [member("first", { weight }), ...members.slice(1)],
        decision: { threshold: 0.1, everyCloses: 1, validForCloses: 1, learningRate: 0, weightFloor: 0, regimes: "none" },
      });
    const made = run(createDecide(still(2), calendar), roadOf(5, 1));
    const heir = createDecide(still(6), calendar);
    for (const decision of made) heir.recall(decision);
    const { state } = heir.snapshot() as { state: { weights: { shares: Float64Array } } };
    expect([...state.weights.shares]).toEqual([0.75, 0.125, 0.125]);
  });
});

describe("given words on a close that never gets a candle", () => {
  const abstain = (source: string, bar: number): DecideEvent => ({
    type: "abstention",
    abstention: { source, instrument: "BTC-USD", closeTime: closeTimeOf(bar), reason: "no view" },
  });
  const everybody = (bar: number): DecideEvent[] => members.map(({ source }) => abstain(source, bar));

  test("when a newer candle has come, then the vote on that one is not held up, whether the words come before or after it", () => {
    for (const road of [
      [abstain("first", 3), { type: "close", candle: flat(4, 100) } as const, ...everybody(4)],
      [{ type: "close", candle: flat(4, 100) } as const, abstain("first", 3), ...everybody(4)],
    ]) {
      const made = run(createDecide(planOf(), calendar), road);
      expect(made.map(({ closeTime }) => closeTime)).toEqual([closeTimeOf(4)]);
    }
  });

  test("when the candle is only late, then its close is decided", () => {
    const road = [...everybody(3), ...everybody(4), { type: "close", candle: flat(3, 100) } as const];
    expect(run(createDecide(planOf(), calendar), road).map(({ closeTime }) => closeTime)).toEqual([closeTimeOf(3)]);
  });
});

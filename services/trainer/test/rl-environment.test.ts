import {
  calendarNamed,
  candleAt,
  createEngine,
  createPrng,
  DOWN,
  FLAT,
  fromNumber,
  UP,
  variantEquity,
  type FillEvent,
  type Instrument,
  type LedgerEntry,
  type Qty,
  type StrategyDefinition,
} from "@tradewind/core";
import { describe, expect, test } from "vitest";
import { tradingEnvironment } from "../src/rl/environment.ts";
import { instrumentOf, planted } from "./rl-support.ts";

const costs = { spreadBps: 2, slippageBps: 1 };
const ROWS = 300;
const PRICES = ["open", "high", "low", "close"] as const;

function environment(instrument: Instrument, onEntry?: (entry: LedgerEntry) => void) {
  const columns = planted(ROWS, 5);
  return { columns, market: tradingEnvironment({ instrument, columns, costs, ...(onEntry && { onEntry }) }) };
}

/** The equity after each close and the fills of a backtest whose one member says `actionOf(row)`. */
function backtest(instrument: Instrument, actions: readonly number[]): { equity: number[]; fills: string[] } {
  const { columns, market } = environment(instrument);
  const plan = {
    ...[...market.account.trade.state.variants.values()][0]!.plan,
    members: [{ source: "script", kind: "strategy", name: "script", parameters: {}, weight: 1 }] as const,
  };
  const entries: LedgerEntry[] = [];
  let row = -1;
  const script = {
    name: "script",
    doc: "",
    parameters: {},
    warmup: () => 1,
    create: () => ({
      onCandle: () => {
        const action = actions[row] ?? FLAT;
        return { action: action === UP ? "BUY" : action === DOWN ? "SELL" : "HOLD", confidence: 1, reason: "script" };
      },
      snapshot: () => undefined,
      restore: () => undefined,
    }),
  } as unknown as StrategyDefinition;
  const engine = createEngine({
    plan,
    epoch: "00000001",
    startTime: columns.openTime[0]!,
    onEntry: (entry) => entries.push(entry),
    calendarOf: calendarNamed,
    definitionOf: () => script,
  });
  const equity: number[] = [];
  for (row = 0; row < columns.length; row++) {
    const candle = candleAt(columns, row);
    engine.close(candle.closeTime, [candle]);
    equity.push(variantEquity(engine.account.trade.state.variants.get(plan.id)!));
  }
  return { equity, fills: fillsOf(entries) };
}

function fillsOf(entries: readonly LedgerEntry[]): string[] {
  return entries.flatMap(({ time, events }) =>
    events
      .filter((event): event is FillEvent => event.type === "fill")
      .map(({ side, quantity, price, fee, leg, clientId }) => [time, leg, side, quantity, price, fee, clientId].join(" ")),
  );
}

describe("the market of an agent", () => {
  for (const kind of ["spot", "linear"] as const)
    test(`given the same actions on ${kind}, when an agent and a backtest take them, then fills, fees and equity are the same to the bit`, () => {
      const instrument = instrumentOf(kind);
      const prng = createPrng(11);
      // A strategy holds on FLAT where an agent would close, so both keep to sides until the position is there.
      let side = UP;
      const actions = Array.from({ length: ROWS - 1 }, () => (prng.chance(0.3) ? (side = UP + DOWN - side) : side));
      const entries: LedgerEntry[] = [];
      const { market } = environment(instrument, (entry) => entries.push(entry));
      entries.length = 0;
      market.reset(0);
      const reached = actions.map((action, row) => market.step(action, row + 1));
      const reference = backtest(instrument, actions);
      expect(reached.map(({ equity }) => equity)).toEqual(reference.equity.slice(1));
      expect(fillsOf(entries)).toEqual(reference.fills);
      expect(reference.fills.length).toBeGreaterThan(50);
      // Rewards add up to what the account made.
      const sum = reached.reduce((total, { reward }) => total + reward, 0);
      expect(sum).toBeCloseTo(Math.log(reached.at(-1)!.equity / 1_000_000), 9);
      expect(new Set(reached.map(({ position }) => position))).toEqual(new Set(kind === "spot" ? [0, 1] : [-1, 1]));
    });

  test("given an action, when it is taken on a close, then it fills at the open of the next row and pays fee, spread and slippage", () => {
    const entries: LedgerEntry[] = [];
    const { columns, market } = environment(instrumentOf("linear"), (entry) => entries.push(entry));
    market.reset(10);
    const { reward, position } = market.step(UP, 11);
    const [fill] = entries.flatMap(({ events }) => events.filter((event) => event.type === "fill"));
    const open = columns.open[11]!;
    expect(Number(fill!.price) / 1e12).toBeCloseTo(open * 1.0002, 3);
    expect(Number(fill!.fee)).toBeCloseTo(Number(fill!.price) * (Number(fill!.quantity) / 1e12) * 0.0002, -3);
    expect(position).toBe(1);
    expect(reward).toBeCloseTo(Math.log1p(columns.close[11]! / open - 1 - 0.0002 - 0.0002), 4);
  });

  test("given a quantity that costs more than the account would begin with, when a position is taken, then it earns as a cheap one does", () => {
    const whole = fromNumber<Qty>(1);
    const { columns, market } = environment(instrumentOf("linear"));
    const dear = { ...columns, ...Object.fromEntries(PRICES.map((name) => [name, columns[name].map((price) => price * 1e5)])) };
    const other = tradingEnvironment({ instrument: { ...instrumentOf("linear"), step: whole, minQty: whole }, columns: dear, costs });
    market.reset(0);
    other.reset(0);
    for (const [row, action] of [UP, UP, DOWN, FLAT].entries()) {
      const [usual, whenDear] = [market.step(action, row + 1), other.step(action, row + 1)];
      expect(whenDear.position).toBe(usual.position);
      expect(whenDear.reward).toBeCloseTo(usual.reward, 4);
    }
  });

  test("given a position, when the flat action is taken, then it is closed at the next open, and nothing is earned after that", () => {
    const { market } = environment(instrumentOf("linear"));
    market.reset(0);
    expect(market.step(DOWN, 1).position).toBe(-1);
    expect(market.step(FLAT, 2).position).toBe(0);
    expect(market.step(FLAT, 3)).toMatchObject({ position: 0, reward: 0 });
    expect(market.step(UP, 4).position).toBe(1);
  });

  test("given a spot market, when down is asked for, then nothing is sold that is not held", () => {
    const { market } = environment(instrumentOf("spot"));
    market.reset(0);
    expect(market.step(DOWN, 1)).toMatchObject({ position: 0, reward: 0 });
    expect(market.step(UP, 2).position).toBe(1);
    expect(market.step(DOWN, 3).position).toBe(0);
  });

  test("given a snapshot at any step, when another market is restored from it, then it goes on to the bit", () => {
    const prng = createPrng(3);
    const actions = Array.from({ length: 120 }, () => prng.below(3));
    const { market: whole } = environment(instrumentOf("linear"));
    whole.reset(0);
    const rewards = actions.map((action, row) => whole.step(action, row + 1).reward);
    for (const cut of [1, 37, 80]) {
      const { market: first } = environment(instrumentOf("linear"));
      first.reset(0);
      actions.slice(0, cut).forEach((action, row) => first.step(action, row + 1));
      const { market: second } = environment(instrumentOf("linear"));
      second.restore(structuredClone(first.snapshot()));
      expect(actions.slice(cut).map((action, i) => second.step(action, cut + i + 1).reward)).toEqual(rewards.slice(cut));
    }
  });

  test("given the future as noise, when an action is taken, then what it earned up to then is the same", () => {
    const { columns, market } = environment(instrumentOf("linear"));
    const cut = 60;
    const noisy = planted(ROWS, 99);
    for (const field of ["open", "high", "low", "close", "volume"] as const) noisy[field].set(columns[field].subarray(0, cut + 1));
    const blind = tradingEnvironment({ instrument: instrumentOf("linear"), columns: noisy, costs });
    const prng = createPrng(4);
    const actions = Array.from({ length: cut }, () => prng.below(3));
    const live = (one: typeof market): number[] => {
      one.reset(0);
      return actions.map((action, row) => one.step(action, row + 1).reward);
    };
    expect(live(blind)).toEqual(live(market));
  });
});

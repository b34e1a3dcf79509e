import { expect, test } from "vitest";
import { indicators } from "../src/indicators/registry.ts";
import { crypto247 } from "../src/market/calendars/crypto-24-7.ts";
import { decodeSnapshot, encodeSnapshot } from "../src/snapshot.ts";
import { loadStrategy, strategyKit, type StrategyKit } from "../src/strategies/kit.ts";
import { candlesOf, columnsOf } from "./indicators-data.ts";

const context = { instrument: "TEST", calendar: crypto247 };

/** As a user's file writes it: it imports nothing. */
const smaCross = (kit: StrategyKit) => ({
  name: "sma_cross",
  doc: "BUY when the fast average crosses above the slow one, SELL when it crosses below.",
  parameters: {
    fast: { type: "integer", default: 2, min: 1, max: 1000, doc: "Candles of the fast average." },
    slow: { type: "integer", default: 3, min: 2, max: 1000, doc: "Candles of the slow average." },
  },
  warmup: ({ slow }: { slow: number }) => slow,
  create: ({ fast, slow }: { fast: number; slow: number }) =>
    kit.strategy({ fast: kit.indicators.sma({ period: fast }), slow: kit.indicators.sma({ period: slow }), gap: NaN }, (state, candle) => {
      const before = state.gap;
      state.gap = state.fast.update(candle.close) - state.slow.update(candle.close);
      if (Number.isNaN(state.gap)) return undefined;
      if (before <= 0 && state.gap > 0) return kit.views.buy(`gap ${state.gap.toFixed(2)}`, { stop: candle.close * 0.98 });
      if (before >= 0 && state.gap < 0) return kit.views.sell(`gap ${state.gap.toFixed(2)}`);
      return kit.views.hold;
    }),
});

const candles = candlesOf(columnsOf({ close: Float64Array.of(5, 4, 3, 5, 6, 6, 2, 1) }));

test("a user's strategy runs on the kit alone, with its defaults filled in and its parameters checked", () => {
  const definition = loadStrategy(smaCross, "my.ts");
  expect(definition.warmup({})).toBe(3);
  const said = candles.map((candle) => definition.create({}, context).onCandle(candle));
  expect(said.every((view) => view === undefined)).toBe(true);
  const strategy = definition.create({}, context);
  const views = candles.map((candle) => strategy.onCandle(candle));
  expect(views.map((view) => view?.action)).toEqual([undefined, undefined, "HOLD", "HOLD", "BUY", "HOLD", "SELL", "HOLD"]);
  expect(views[4]).toEqual({ action: "BUY", confidence: 1, reason: "gap 0.83", stop: 5.88 });
  expect(() => definition.create({ fats: 3 }, context)).toThrow(expect.objectContaining({ code: "UNKNOWN_PARAMETER" }));
});

test("its state is kept by the kit: a restored one goes on the same", () => {
  const definition = loadStrategy(smaCross, "my.ts");
  for (let cut = 0; cut <= candles.length; cut++) {
    const first = definition.create({}, context);
    const second = definition.create({}, context);
    for (const candle of candles.slice(0, cut)) first.onCandle(candle);
    second.restore(decodeSnapshot(encodeSnapshot(first.snapshot())));
    for (const candle of candles.slice(cut)) expect(second.onCandle(candle)).toEqual(first.onCandle(candle));
  }
});

test("state may hold plain lists and objects beside indicators, and only what can be saved", () => {
  const keep = (state: { log: number[]; seen: { n: number }; parts: { update(x: number): number }[] }) =>
    strategyKit.strategy(state, (own, candle) => {
      own.log.push(own.parts[0]!.update(candle.close));
      own.seen.n++;
      return strategyKit.views.hold;
    });
  const fresh = () => ({ log: [], seen: { n: 0 }, parts: [strategyKit.indicators.ema({ period: 2 })] });
  const first = keep(fresh());
  for (const candle of candles) first.onCandle(candle);
  const second = keep(fresh());
  second.restore(decodeSnapshot(encodeSnapshot(first.snapshot())));
  expect(encodeSnapshot(second.snapshot())).toBe(encodeSnapshot(first.snapshot()));
  for (const bad of [() => 0, new Map(), Symbol("s")])
    expect(() => strategyKit.strategy({ bad }, () => undefined).snapshot()).toThrow(expect.objectContaining({ code: "SNAPSHOT_VALUE" }));
});

test("the kit offers every indicator and cannot be changed", () => {
  expect(Object.keys(strategyKit.indicators)).toEqual(Object.keys(indicators));
  expect(strategyKit.indicators.macd({ fast: 3 }).histogram).toBeNaN();
  for (const part of [strategyKit, strategyKit.indicators, strategyKit.views, strategyKit.views.hold])
    expect(Object.isFrozen(part)).toBe(true);
});

test("a file that exports something else is refused with the form it should have", () => {
  for (const exported of [undefined, {}, () => undefined, () => ({ name: "x" })])
    expect(() => loadStrategy(exported, "my.ts")).toThrow("my.ts must export default (kit) => ({ name, doc, parameters, warmup, create })");
});

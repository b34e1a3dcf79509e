import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Candle } from "../src/domain/candle.ts";
import type { ParameterValue } from "../src/domain/plan.ts";
import { crypto247 } from "../src/market/calendars/crypto-24-7.ts";
import { decodeSnapshot, encodeSnapshot } from "../src/snapshot.ts";
import { Extremes, SignChange } from "../src/strategies/gates.ts";
import { findStrategy, strategies } from "../src/strategies/registry.ts";
import type { Strategy, StrategyDefinition, View } from "../src/strategies/strategy.ts";
import { confidenceBeyond, confidenceWithin, HOLD } from "../src/strategies/views.ts";
import { candlesOf, columnsOf, dataAvailable, flat, readCandles, walk } from "./indicators-data.ts";

const context = { instrument: "TEST", calendar: crypto247 };
const all = Object.entries(strategies);

function start(name: string, parameters: Record<string, ParameterValue> = {}): Strategy {
  return findStrategy(name).create(parameters, context);
}

function views(strategy: Strategy, candles: readonly Candle[]): (View | undefined)[] {
  return candles.map((candle) => strategy.onCandle(candle));
}

function closes(values: readonly number[], volume = 1, firstOpen = 0): Candle[] {
  const close = Float64Array.from(values);
  const openTime = close.map((_, i) => firstOpen + i * 60_000);
  return candlesOf(columnsOf({ openTime, open: close, high: close, low: close, close, volume: close.map(() => volume) }));
}

/** B, S, . for BUY, SELL, HOLD and - for not warm. */
function track(strategy: Strategy, candles: readonly Candle[]): string {
  return views(strategy, candles)
    .map((view) => (view === undefined ? "-" : view.action === "HOLD" ? "." : view.action[0]!))
    .join("");
}

describe.each(all)("%s", (name, definition: StrategyDefinition) => {
  /** Parameters that speak often on a short walk. */
  const lively: Record<string, ParameterValue> = {
    momentum: { lookback_period: 5, threshold_buy: 0.1, threshold_sell: 0.1, volatility_filter: 0.05 },
    rsi: { rsi_period: 4 },
    macd: { fast_period: 3, slow_period: 6, signal_period: 3 },
    mfi: { period: 4 },
    vwap: { threshold: 0.05 },
  }[name] as unknown as Record<string, ParameterValue>;

  test("is registered by its name and speaks exactly from the end of its warm-up", () => {
    expect(definition.name).toBe(name);
    for (const parameters of [{}, lively]) {
      const warmup = definition.warmup(parameters);
      const said = views(definition.create(parameters, context), candlesOf(flat(60)));
      expect(said.findIndex((view) => view !== undefined)).toBe(warmup - 1);
    }
  });

  test("holds with one shared view on a flat price, with and without volume, however low its thresholds", () => {
    const columns = flat(200);
    columns.volume.fill(0.3, 100);
    const lowest = Object.fromEntries(
      ["threshold", "threshold_buy", "threshold_sell"].filter((key) => key in definition.parameters).map((key) => [key, 0]),
    );
    const said = views(definition.create(lowest, context), candlesOf(columns));
    expect(said.every((view) => view === undefined || view === HOLD)).toBe(true);
  });

  test("goes on from a snapshot bit for bit", () => {
    fc.assert(
      fc.property(walk(1, 120), fc.nat(), (columns, cutSeed) => {
        const candles = candlesOf(columns);
        const cut = cutSeed % (candles.length + 1);
        const first = definition.create(lively, context);
        const second = definition.create(lively, context);
        const before = views(first, candles.slice(0, cut));
        second.restore(decodeSnapshot(encodeSnapshot(first.snapshot())));
        const whole = definition.create(lively, context);
        expect([...before, ...views(second, candles.slice(cut))]).toEqual(views(whole, candles));
        expect(encodeSnapshot(second.snapshot())).toBe(encodeSnapshot(whole.snapshot()));
      }),
    );
  });

  test("says nothing but sound views: confidence of a half to 1, a reason with numbers when it acts", () => {
    fc.assert(
      fc.property(walk(80, 120), (columns) => {
        for (const view of views(definition.create(lively, context), candlesOf(columns))) {
          if (view === undefined || view === HOLD) continue;
          expect(view.confidence).toBeGreaterThanOrEqual(0.5);
          expect(view.confidence).toBeLessThanOrEqual(1);
          expect(view.reason).toMatch(new RegExp(`^${name}: .*\\d`));
        }
      }),
    );
  });

  test.skipIf(!dataAvailable)("trades both ways on a month of minutes with its defaults (../shared/data)", () => {
    const said = views(definition.create({}, context), candlesOf(readCandles("BTC-USDT-PERP_1m_2022-01.csv", "1m")));
    for (const action of ["BUY", "SELL"]) {
      const count = said.filter((view) => view?.action === action).length;
      expect(count).toBeGreaterThan(50);
      expect(count).toBeLessThan(5_000);
    }
  });

  test("refuses parameters it does not have or that are out of range", () => {
    const failure = (code: string) => expect.objectContaining({ code, action: "input" });
    expect(() => definition.create({ nonsense: 1 }, context)).toThrow(failure("UNKNOWN_PARAMETER"));
    for (const parameter of Object.keys(definition.parameters))
      for (const value of [NaN, -1e9, 1e9, "x"])
        expect(() => definition.create({ [parameter]: value }, context)).toThrow(failure("BAD_PARAMETER"));
  });
});

test("momentum: on every candle beyond a threshold; a sell threshold may be written with or without its sign", () => {
  const path = closes([100, 100, 102, 104, 104, 104, 102, 100, 100, 99.5]);
  for (const threshold_sell of [1, -1])
    expect(track(start("momentum", { lookback_period: 2, threshold_buy: 1, threshold_sell }), path)).toBe("--BBB.SSS.");
  expect(track(start("momentum", { lookback_period: 2, threshold_buy: 0, threshold_sell: 0 }), closes([5, 5, 5, 6, 5, 4]))).toBe("--.B.S");
});

test("momentum: the volatility filter keeps it quiet while returns vary less than asked", () => {
  const steady = Array.from({ length: 8 }, (_, i) => 100 * 1.01 ** i);
  const path = closes([...steady, 120, 110]);
  expect(track(start("momentum", { lookback_period: 2, threshold_buy: 1, threshold_sell: 1, volatility_filter: 2 }), path)).toBe(
    "--......BB",
  );
});

test("rsi: one signal per excursion, the next one only after the re-arm level", () => {
  const path = closes([10, 9, 8, 7, 7.5, 7, 6, 9, 8, 5, 4]);
  const rsi = (lower_threshold: number) => start("rsi", { rsi_period: 2, oversold: 30, overbought: 100, lower_threshold });
  expect(track(rsi(0.3), path)).toBe("--B..B...B.");
  expect(track(rsi(0.6), path)).toBe("--B......B.");
  expect(track(rsi(0), path), "a level inside the extreme counts as its edge").toBe(track(rsi(0.3), path));
});

test("rsi and mfi: extremes in the wrong order are refused", () => {
  for (const name of ["rsi", "mfi"])
    expect(() => start(name, { oversold: 80, overbought: 20 })).toThrow(expect.objectContaining({ code: "BAD_PARAMETER" }));
});

test("mfi: needs volume behind the move", () => {
  const fall = [10, 9, 8, 7, 6, 5, 6, 7, 8, 9];
  expect(track(start("mfi", { period: 3 }), closes(fall))).toBe("---B....S.");
  expect(track(start("mfi", { period: 3 }), closes(fall, 0))).toBe("---.......");
});

test("macd: once per turn of the histogram, and the first sign after warm-up is no turn", () => {
  const wave = Array.from({ length: 120 }, (_, i) => 100 + 5 * Math.sin(i / 8));
  const marks = track(start("macd", { threshold: 0 }), closes(wave)).replaceAll(".", "");
  expect(marks).toMatch(/^-{33}[BS]+$/);
  expect(marks).not.toMatch(/BB|SS/);
  expect(track(start("macd", { threshold: 0.5 }), closes(wave))).not.toMatch(/[BS]/);
});

test("vwap: once per crossing, beyond the threshold, and afresh in each session", () => {
  const vwap = (threshold: number, anchor = "session") => start("vwap", { threshold, anchor });
  expect(track(vwap(1), closes([100, 103, 104, 103, 105, 95, 94, 106]))).toBe(".B...S.B");
  expect(track(vwap(90), closes([100, 103, 104, 105, 95, 94, 106]))).not.toMatch(/[BS]/);
  const overMidnight = closes([100, 103, 104, 105, 108, 109], 1, Date.UTC(2024, 0, 2) - 3 * 60_000);
  expect(track(vwap(1), overMidnight)).toBe(".B..B.");
  const shifted = { ...context, calendar: { ...crypto247, sessionStart: () => 0 } };
  const run = (anchor: string) => track(findStrategy("vwap").create({ threshold: 1, anchor }, shifted), overMidnight);
  expect([run("session"), run("day")]).toEqual([".B....", ".B..B."]);
});

test("a change of sign speaks once it is large enough, and 0 is no sign", () => {
  const gate = (fresh: boolean) => new SignChange(2, fresh);
  const run = (change: SignChange, values: number[]) => values.map((value) => change.update(value));
  expect(run(gate(true), [1, 2, 3, 0, 3, -1, 3, -2, -5])).toEqual([0, 1, 0, 0, 0, 0, 1, -1, 0]);
  expect(run(gate(false), [3, 3, -3])).toEqual([0, 0, -1]);
  expect(new SignChange(0, true).update(0)).toBe(0);
});

test("extremes never speak twice in one direction without leaving in between", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 100 })),
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 100 }),
      (values, buyAgain, sellAgain) => {
        const gate = new Extremes(30, 70, buyAgain, sellAgain);
        let leftOversold = true;
        let leftOverbought = true;
        for (const value of values) {
          leftOversold ||= value > Math.max(30, buyAgain);
          leftOverbought ||= value < Math.min(70, sellAgain);
          const wanted = value <= 30 && leftOversold ? 1 : value >= 70 && leftOverbought ? -1 : 0;
          expect(gate.update(value)).toBe(wanted);
          if (wanted === 1) leftOversold = false;
          if (wanted === -1) leftOverbought = false;
        }
      },
    ),
  );
});

test("confidence grows from a half at the threshold to 1", () => {
  expect([1, -1.5, 2, 9].map((value) => confidenceBeyond(value, 1))).toEqual([0.5, 0.75, 1, 1]);
  expect([confidenceBeyond(0.1, 0), confidenceWithin(0, 0, 0)]).toEqual([1, 1]);
  expect([30, 15, 0].map((value) => confidenceWithin(value, 30, 0))).toEqual([0.5, 0.75, 1]);
  expect([70, 100].map((value) => confidenceWithin(value, 70, 100))).toEqual([0.5, 1]);
});

test("an unknown strategy is refused with the names there are", () => {
  expect(() => findStrategy("macdd")).toThrow("momentum, rsi, macd, mfi, vwap");
});

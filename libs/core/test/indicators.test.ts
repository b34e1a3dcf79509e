import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CandleColumns } from "../src/domain/candle.ts";
import { indicatorColumns, type Indicator, type IndicatorDefinition } from "../src/indicators/indicator.ts";
import { findIndicator, indicators } from "../src/indicators/registry.ts";
import { decodeSnapshot, encodeSnapshot } from "../src/snapshot.ts";
import { bits, columnsOf, flat, walk } from "./indicators-data.ts";

const all = Object.entries<IndicatorDefinition>(indicators);

function feed(definition: IndicatorDefinition, indicator: Indicator, columns: CandleColumns, from: number, to: number): number[][] {
  const fields = indicator as unknown as Record<string, number>;
  return Array.from({ length: to - from }, (_, k) => {
    const returned = indicator.update(...definition.inputs.map((input) => columns[input][from + k]!));
    return [returned, ...definition.outputs.map((name) => fields[name]!)];
  });
}

/** All outputs of an indicator over closes alone. */
function over(name: keyof typeof indicators, closes: readonly number[], parameters = {}): Record<string, Float64Array> {
  const close = Float64Array.from(closes);
  return indicatorColumns(indicators[name], parameters, columnsOf({ close, high: close, low: close, volume: close.map(() => 1) }));
}

describe.each(all)("%s", (name, definition) => {
  test("is registered by its name and speaks exactly from the end of its warm-up", () => {
    expect(definition.name).toBe(name);
    fc.assert(
      fc.property(walk(60, 80), fc.integer({ min: 2, max: 11 }), (columns, period) => {
        const parameters =
          "period" in definition.parameters ? { period } : name === "macd" ? { fast: period, slow: period * 2, signal: 5 } : {};
        const warmup = definition.warmup(parameters);
        const outputs = Object.values(indicatorColumns(definition, parameters, columns));
        for (const column of outputs) expect([...column.subarray(warmup - 1)].every(Number.isFinite)).toBe(true);
        if (warmup > 1) expect(outputs.some((column) => Number.isNaN(column[warmup - 2]))).toBe(true);
      }),
    );
  });

  test("gives the same bytes live and over columns, and goes on from a snapshot bit for bit", () => {
    fc.assert(
      fc.property(walk(1, 90), fc.nat(), (columns, cutSeed) => {
        const cut = cutSeed % (columns.length + 1);
        const first = definition.create();
        const before = feed(definition, first, columns, 0, cut);
        const second = definition.create();
        second.restore(decodeSnapshot(encodeSnapshot(first.snapshot())));
        const live = [...before, ...feed(definition, second, columns, cut, columns.length)];
        const whole = indicatorColumns(definition, {}, columns);
        for (const [o, output] of definition.outputs.entries())
          expect(bits(Float64Array.from(live, (row) => row[o + 1]!))).toBe(bits(whole[output]!));
        expect(bits(Float64Array.from(live, (row) => row[0]!))).toBe(bits(whole[definition.outputs[0]!]!));
      }),
    );
  });

  test("a snapshot is a copy: going on does not change it", () => {
    const columns = flat(40, 3);
    const indicator = definition.create();
    feed(definition, indicator, columns, 0, 20);
    const taken = indicator.snapshot();
    const text = encodeSnapshot(taken);
    feed(definition, indicator, flat(20, 9), 0, 20);
    expect(encodeSnapshot(taken)).toBe(text);
  });
});

test("a flat price is neutral: no deviation, RSI and MFI 50, %B a half, MACD exactly 0", () => {
  const columns = flat(200);
  columns.volume.fill(0.3, 100);
  const last = (name: keyof typeof indicators, output = "value") => indicatorColumns(indicators[name], {}, columns)[output]!.at(-1);
  expect(last("sma")).toBe(0.1);
  expect(last("ema")).toBe(0.1);
  expect(last("stddev")).toBe(0);
  expect(last("rsi")).toBe(50);
  expect(last("mfi")).toBe(50);
  expect(last("atr")).toBe(0);
  expect(last("roc")).toBe(0);
  expect(last("obv")).toBe(0);
  expect(last("vwap")).toBe(0.1);
  for (const output of ["macd", "signal", "histogram"]) expect(last("macd", output)).toBe(0);
  for (const output of ["middle", "upper", "lower"]) expect(last("bollinger", output)).toBe(0.1);
  expect(last("bollinger", "percentB")).toBe(0.5);
  expect(last("bollinger", "bandwidth")).toBe(0);
});

test("one-way prices reach the ends of RSI and MFI", () => {
  const up = Array.from({ length: 40 }, (_, i) => 100 + i);
  for (const name of ["rsi", "mfi"] as const) {
    expect(over(name, up)["value"]!.at(-1)).toBe(100);
    expect(over(name, up.toReversed())["value"]!.at(-1)).toBe(0);
  }
});

test("RSI: seed is the plain average of the first changes, then Wilder's", () => {
  const { value } = over("rsi", [10, 12, 11, 11, 14], { period: 3 });
  expect(Number.isNaN(value![2])).toBe(true);
  expect(value![3]).toBeCloseTo(100 * (2 / 3 / (2 / 3 + 1 / 3)), 12);
  const gain = ((2 / 3) * 2 + 3) / 3;
  const loss = ((1 / 3) * 2) / 3;
  expect(value![4]).toBeCloseTo((100 * gain) / (gain + loss), 12);
});

test("ATR: the first bar has no true range, gaps count", () => {
  const { value } = indicatorColumns(
    indicators.atr,
    { period: 2 },
    columnsOf({ high: Float64Array.of(99, 12, 15, 15), low: Float64Array.of(1, 10, 14, 13), close: Float64Array.of(9, 11, 14, 14) }),
  );
  expect([...value!.subarray(2)]).toEqual([(3 + 4) / 2, (3.5 + 2) / 2]);
});

test("MFI: an equal typical price carries no flow", () => {
  const close = Float64Array.of(10, 11, 11, 10);
  const { value } = indicatorColumns(
    indicators.mfi,
    { period: 3 },
    columnsOf({ close, high: close, low: close, volume: Float64Array.of(5, 1, 1000, 1) }),
  );
  expect(value![3]).toBeCloseTo((100 * 11) / 21, 12);
});

test("MACD: both averages start on candle `slow`, the fast one seeded with the candles that end there", () => {
  const closes = [3, 1, 4, 1, 5, 9, 2, 6];
  const { macd, signal, histogram } = over("macd", closes, { fast: 2, slow: 4, signal: 3 });
  expect([...macd!].findIndex(Number.isFinite)).toBe(3);
  expect(macd![3]).toBeCloseTo((4 + 1) / 2 - (3 + 1 + 4 + 1) / 4, 12);
  expect([...signal!].findIndex(Number.isFinite)).toBe(5);
  expect(signal![5]).toBeCloseTo((macd![3]! + macd![4]! + macd![5]!) / 3, 12);
  expect(histogram![5]).toBe(macd![5]! - signal![5]!);
});

test("OBV: up adds, down takes off, a tie does neither", () => {
  const { value } = indicatorColumns(
    indicators.obv,
    {},
    columnsOf({ close: Float64Array.of(5, 6, 6, 4), volume: Float64Array.of(10, 1, 100, 4) }),
  );
  expect([...value!]).toEqual([10, 11, 11, 7]);
});

test("ROC in percent and momentum in price; a past close of 0 gives 0", () => {
  const { value, momentum } = over("roc", [0, 4, 8, 5], { period: 2 });
  expect([...value!.subarray(2)]).toEqual([0, 25]);
  expect([...momentum!.subarray(2)]).toEqual([8, 1]);
});

test("VWAP: weighted by volume, begins anew at a reset, the typical price before anything is traded", () => {
  const close = Float64Array.of(10, 20, 30, 40, 50);
  const columns = columnsOf({ close, high: close, low: close, volume: Float64Array.of(1, 3, 0, 0, 2) });
  const { value } = indicatorColumns(indicators.vwap, {}, columns, (row) => row === 2);
  expect([...value!]).toEqual([10, 17.5, 30, 40, 50]);
  const vwap = indicators.vwap.create();
  expect([vwap.anchorAt(1), vwap.anchorAt(1), vwap.anchorAt(2)]).toEqual([true, false, true]);
});

test("VWAP keeps nothing of what came before a reset", () => {
  fc.assert(
    fc.property(walk(1, 40), fc.constantFrom(1e-9, 1e9), (columns, before) => {
      const vwap = indicators.vwap.create();
      vwap.update(before, before, before, 1);
      vwap.reset();
      const wanted = feed(indicators.vwap, indicators.vwap.create(), columns, 0, columns.length);
      expect(feed(indicators.vwap, vwap, columns, 0, columns.length)).toEqual(wanted);
    }),
  );
});

describe.each(["sma", "stddev", "bollinger", "mfi", "roc"] as const)("%s depends on its window alone", (name) => {
  test("what came before leaves no trace, however large", () => {
    const definition: IndicatorDefinition = indicators[name];
    fc.assert(
      fc.property(walk(30, 60), fc.constantFrom(1e-9, 1, 1e12), (columns, scale) => {
        const parameters = { period: 8 };
        const fresh = definition.create(parameters);
        const used = definition.create(parameters);
        for (let i = 0; i < 50; i++) used.update(...definition.inputs.map(() => scale * (1 + Math.sin(i))));
        const wanted = feed(definition, fresh, columns, 0, columns.length).slice(9);
        expect(feed(definition, used, columns, 0, columns.length).slice(9)).toEqual(wanted);
      }),
    );
  });
});

test("deviation and mean agree with their definition", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 5, maxLength: 30 }), (values) => {
      const period = 5;
      const window = values.slice(-period);
      const mean = window.reduce((sum, value) => sum + value, 0) / period;
      const variance = window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / period;
      expect(over("sma", values, { period })["value"]!.at(-1)).toBeCloseTo(mean, 7);
      expect(over("stddev", values, { period })["value"]!.at(-1)).toBeCloseTo(Math.sqrt(variance), 7);
    }),
  );
});

test("a snapshot of other parameters, of another indicator or a damaged one is refused", () => {
  const cases: [Indicator, unknown][] = [
    [indicators.ema.create({ period: 5 }), indicators.ema.create({ period: 6 }).snapshot()],
    [indicators.sma.create({ period: 5 }), indicators.sma.create({ period: 6 }).snapshot()],
    [indicators.bollinger.create({ deviations: 2 }), indicators.bollinger.create({ deviations: 3 }).snapshot()],
    [indicators.macd.create(), indicators.macd.create({ fast: 11 }).snapshot()],
    [indicators.sma.create(), indicators.ema.create().snapshot()],
    [indicators.rsi.create(), null],
    [indicators.rsi.create(), {}],
  ];
  for (const [indicator, state] of cases)
    expect(() => indicator.restore(state)).toThrow(expect.objectContaining({ code: "SNAPSHOT_MISMATCH" }));
});

test("names and parameters are checked", () => {
  const failure = (code: string) => expect.objectContaining({ code, action: "input" });
  expect(() => findIndicator("smaa")).toThrow(failure("UNKNOWN_INDICATOR"));
  expect(() => findIndicator("toString")).toThrow(failure("UNKNOWN_INDICATOR"));
  expect(() => indicators.sma.create({ length: 3 })).toThrow(failure("UNKNOWN_PARAMETER"));
  for (const period of [0, 1.5, NaN, Infinity, "9", true])
    expect(() => indicators.sma.create({ period })).toThrow(failure("BAD_PARAMETER"));
  expect(() => indicators.macd.create({ fast: 26 })).toThrow(failure("BAD_PARAMETER"));
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allocateColumns, type Candle, type CandleColumns } from "../src/domain/candle.ts";
import { timeframeMs, type Timeframe } from "../src/domain/timeframe.ts";
import { byClose, eachMatrix, FeatureMatrix } from "../src/features/matrix.ts";
import { defaultMatrixPlan, describeMatrix, matrixSize, matrixWarmup, type MatrixPlan } from "../src/features/plan.ts";
import { features, findFeature } from "../src/features/registry.ts";
import { crypto247 } from "../src/market/calendars/crypto-24-7.ts";
import { decodeSnapshot, encodeSnapshot } from "../src/snapshot.ts";
import { bits, candlesOf, columnsOf, dataAvailable, flat, readCandles, walk } from "./indicators-data.ts";

const context = { calendar: crypto247 };
const everything: MatrixPlan = { timeframes: ["1m"], window: 3, features: Object.keys(features).map((name) => ({ name })) };
/** Short periods, so that three timeframes are warm on a short walk. */
const layered: MatrixPlan = {
  timeframes: ["1m", "5m", "15m"],
  window: 2,
  features: [
    { name: "log_return" },
    { name: "rsi", parameters: { period: 2 } },
    { name: "vwap_deviation", parameters: { anchor: "day" } },
    { name: "body" },
  ],
};

/** Coarser columns of finer ones, whole bars only. */
function coarser(columns: CandleColumns, timeframe: Timeframe): CandleColumns {
  const length = timeframeMs(timeframe);
  const bars = Map.groupBy(candlesOf(columns), (candle) => Math.floor(candle.openTime / length));
  const whole = [...bars].filter(([, parts]) => parts.length === length / 60_000);
  const out = allocateColumns("TEST", timeframe, whole.length);
  for (const [i, [bar, parts]] of whole.entries()) {
    out.openTime[i] = bar * length;
    out.closeTime[i] = (bar + 1) * length;
    out.open[i] = parts[0]!.open;
    out.high[i] = Math.max(...parts.map((part) => part.high));
    out.low[i] = Math.min(...parts.map((part) => part.low));
    out.close[i] = parts.at(-1)!.close;
    out.volume[i] = parts.reduce((sum, part) => sum + part.volume, 0);
  }
  return out;
}

function layers(columns: CandleColumns, plan: MatrixPlan): CandleColumns[] {
  return plan.timeframes.map((timeframe) => (timeframe === "1m" ? columns : coarser(columns, timeframe)));
}

/** What a live feed gives the matrix, and each ready matrix at its time. */
function stream(matrix: FeatureMatrix, candles: readonly Candle[]): [number, string][] {
  const out: [number, string][] = [];
  for (const candle of candles) {
    matrix.update(candle);
    const values = candle.timeframe === "1m" ? matrix.matrix() : undefined;
    if (values) out.push([candle.closeTime, bits(values)]);
  }
  return out;
}

function batch(plan: MatrixPlan, columns: readonly CandleColumns[]): [number, string][] {
  const out: [number, string][] = [];
  eachMatrix(plan, columns, context, (matrix, row) => out.push([columns[0]!.closeTime[row]!, bits(matrix)]));
  return out;
}

test("streaming, restored at a random point, gives the same bytes as columns", () => {
  fc.assert(
    fc.property(walk(40, 160), fc.nat(), fc.constantFrom(everything, layered, defaultMatrixPlan), (columns, cutSeed, plan) => {
      const all = layers(columns, plan);
      const candles = all.flatMap(candlesOf).sort(byClose);
      const cut = cutSeed % (candles.length + 1);
      const first = new FeatureMatrix(plan, context);
      const second = new FeatureMatrix(plan, context);
      const before = stream(first, candles.slice(0, cut));
      second.restore(decodeSnapshot(encodeSnapshot(first.snapshot())));
      expect([...before, ...stream(second, candles.slice(cut))]).toEqual(batch(plan, all));
    }),
    { numRuns: 60 },
  );
});

test("a matrix at t does not change with what comes after t", () => {
  fc.assert(
    fc.property(walk(60, 120), fc.integer({ min: 1, max: 59 }), (columns, keep) => {
      const truncated = layers(candlePrefix(columns, keep), layered);
      const known = new Map(batch(layered, layers(columns, layered)));
      for (const [time, matrix] of batch(layered, truncated)) expect(matrix).toBe(known.get(time));
    }),
    { numRuns: 60 },
  );
});

function candlePrefix(columns: CandleColumns, length: number): CandleColumns {
  const { openTime, open, high, low, close, volume } = columns;
  const [a, b, c, d, e, f] = [openTime, open, high, low, close, volume].map((column) => column.slice(0, length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return columnsOf({ openTime: a, open: b, high: c, low: d, close: e, volume: f });
}

describe("coarser timeframes", () => {
  const plan: MatrixPlan = { timeframes: ["1m", "5m"], window: 1, features: [{ name: "body" }] };
  const candle = (timeframe: Timeframe, closeMinute: number, body: number): Candle => ({
    instrument: "TEST",
    timeframe,
    openTime: closeMinute * 60_000 - timeframeMs(timeframe),
    closeTime: closeMinute * 60_000,
    open: 10,
    close: 10 + body,
    high: 11,
    low: 9,
    volume: 1,
    revision: 0,
    origin: "live",
    synthetic: false,
  });

  test("a bar is seen from its close on, also on the same close time, and not before", () => {
    const matrix = new FeatureMatrix(plan, context);
    matrix.update(candle("5m", 5, 1));
    expect(matrix.matrix()).toBeUndefined();
    matrix.update(candle("1m", 5, -1));
    expect([...matrix.matrix()!]).toEqual([-0.5, 0.5]);
    matrix.update(candle("1m", 9, 0));
    matrix.update(candle("5m", 10, -1));
    expect(matrix.matrix(), "the 5m bar closes after the newest 1m bar").toBeUndefined();
    matrix.update(candle("1m", 10, 1));
    expect([...matrix.matrix()!]).toEqual([0.5, -0.5]);
  });

  test("a candle that comes after the matrix it belongs to is refused, and so is a repeated one", () => {
    const matrix = new FeatureMatrix(plan, context);
    matrix.update(candle("1m", 5, 0));
    for (const late of [candle("5m", 5, 0), candle("1m", 5, 0), candle("1m", 4, 0)])
      expect(() => matrix.update(late)).toThrow(expect.objectContaining({ code: "OUT_OF_ORDER" }));
    expect(() => matrix.update(candle("1h", 60, 0))).toThrow(expect.objectContaining({ code: "BAD_TIMEFRAME" }));
  });

  test("in one close the coarser comes first", () => {
    const sorted = [candle("1m", 6, 0), candle("1m", 5, 0), candle("15m", 5, 0), candle("5m", 5, 0)].sort(byClose);
    expect(sorted.map(({ timeframe }) => timeframe)).toEqual(["15m", "5m", "1m", "1m"]);
  });
});

test("the matrix is row-major, oldest row first, as float32", () => {
  const plan: MatrixPlan = { timeframes: ["1m"], window: 2, features: [{ name: "log_return" }, { name: "body" }] };
  const openTime = Float64Array.of(0, 60_000, 120_000, 180_000);
  const columns = columnsOf({
    openTime,
    open: Float64Array.of(1, 1, 2, 4),
    close: Float64Array.of(1, 2, 4, 3),
    high: Float64Array.of(2, 2, 4, 5),
    low: Float64Array.of(0.5, 1, 2, 3),
  });
  const seen: number[][] = [];
  eachMatrix(plan, [columns], context, (matrix, row) => seen.push([row, ...matrix]));
  const log = (x: number) => Math.fround(Math.log(x));
  expect(seen).toEqual([
    [2, log(2), 1, log(2), 1],
    [3, log(2), 1, log(0.75), -0.5],
  ]);
});

test("it is ready exactly after its warm-up, and says how large it is", () => {
  for (const plan of [everything, defaultMatrixPlan]) {
    const rows: number[] = [];
    eachMatrix(plan, [flat(100)], context, (matrix, row) => rows.push(matrix.length === matrixSize(plan) ? row : NaN));
    expect(rows[0]).toBe(matrixWarmup(plan) - 1);
    expect(rows.length).toBe(100 - matrixWarmup(plan) + 1);
  }
  expect(matrixSize(defaultMatrixPlan)).toBe(1 * 20 * 8);
});

test("every feature speaks from its warm-up on and stays finite without moves and without volume", () => {
  fc.assert(
    fc.property(fc.oneof(walk(60, 80), fc.constant(flat(70))), (columns) => {
      for (const [name, definition] of Object.entries(features)) {
        expect(definition.name).toBe(name);
        const feature = definition.create({}, context);
        const values = candlesOf(columns).map((candle) => feature.update(candle));
        expect(values.findIndex((value) => !Number.isNaN(value))).toBe(definition.warmup() - 1);
        expect(values.slice(definition.warmup() - 1).every(Number.isFinite)).toBe(true);
      }
    }),
  );
});

test("features are free of the price's scale", () => {
  fc.assert(
    fc.property(walk(60, 80), (columns) => {
      const larger = { ...columns };
      for (const key of ["open", "high", "low", "close"] as const) larger[key] = columns[key].map((price) => price * 1024);
      expect(batch(everything, [larger])).toEqual(batch(everything, [columns]));
    }),
  );
});

test("a row that is not all numbers empties the window", () => {
  const columns = flat(80, 5);
  columns.volume[70] = NaN;
  const rows: number[] = [];
  eachMatrix(
    { timeframes: ["1m"], window: 4, features: [{ name: "volume_zscore", parameters: { period: 2 } }] },
    [columns],
    context,
    (_, row) => rows.push(row),
  );
  expect(rows).toEqual([...Array.from({ length: 66 }, (_, i) => i + 4), 75, 76, 77, 78, 79]);
});

test("the schema text is canonical: defaults are written out, the order of parameters does not matter, everything else does", () => {
  const plan = (parameters?: Record<string, number>, window = 20): MatrixPlan => ({
    timeframes: ["1m"],
    window,
    features: [{ name: "macd_histogram", ...(parameters ? { parameters } : {}) }],
  });
  expect(describeMatrix(plan())).toBe(
    '{"version":1,"timeframes":["1m"],"window":20,"features":[{"name":"macd_histogram","parameters":{"fast":12,"signal":9,"slow":26}}]}',
  );
  expect(describeMatrix(plan({ slow: 26, fast: 12 }))).toBe(describeMatrix(plan()));
  const others = [
    plan({ fast: 11 }),
    plan({}, 21),
    { ...plan(), timeframes: ["1m", "5m"] as const },
    { ...plan(), features: [{ name: "rsi" }] },
  ];
  expect(new Set([plan(), ...others].map(describeMatrix)).size).toBe(5);
});

test("a wrong plan is refused", () => {
  const bad: [Partial<MatrixPlan>, string][] = [
    [{ timeframes: [] }, "BAD_MATRIX"],
    [{ timeframes: ["5m", "1m"] }, "BAD_MATRIX"],
    [{ timeframes: ["1m", "1m"] }, "BAD_MATRIX"],
    [{ window: 0 }, "BAD_MATRIX"],
    [{ features: [] }, "BAD_MATRIX"],
    [{ features: [{ name: "nope" }] }, "UNKNOWN_FEATURE"],
    [{ features: [{ name: "rsi", parameters: { periods: 3 } }] }, "UNKNOWN_PARAMETER"],
    [{ features: [{ name: "rsi", parameters: { period: -3 } }] }, "BAD_PARAMETER"],
  ];
  for (const [change, code] of bad)
    expect(() => new FeatureMatrix({ ...defaultMatrixPlan, ...change }, context)).toThrow(
      expect.objectContaining({ code, action: "input" }),
    );
  expect(() => findFeature("constructor")).toThrow(expect.objectContaining({ code: "UNKNOWN_FEATURE" }));
});

test("a snapshot of another matrix is refused", () => {
  const taken = new FeatureMatrix(defaultMatrixPlan, context).snapshot();
  for (const other of [
    everything,
    { ...defaultMatrixPlan, timeframes: ["5m"] as const },
    { ...defaultMatrixPlan, features: defaultMatrixPlan.features.toReversed() },
  ])
    expect(() => new FeatureMatrix(other, context).restore(taken)).toThrow(expect.objectContaining({ code: "SNAPSHOT_MISMATCH" }));
});

test.skipIf(!dataAvailable)("a month of minutes gives a matrix for every minute after warm-up (../shared/data)", () => {
  const columns = readCandles("BTC-USDT-PERP_1m_2022-01.csv", "1m");
  let count = 0;
  eachMatrix(defaultMatrixPlan, [columns], context, () => count++);
  expect(count).toBe(columns.length - matrixWarmup(defaultMatrixPlan) + 1);
});

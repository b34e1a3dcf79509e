import fc from "fast-check";
import { expect, test } from "vitest";
import { timeframeNames, type Timeframe } from "../src/domain/timeframe.ts";
import { allocateColumns, candleAt, type CandleColumns } from "../src/domain/candle.ts";
import { eachMatrix } from "../src/features/matrix.ts";
import type { MatrixPlan } from "../src/features/plan.ts";
import { features } from "../src/features/registry.ts";
import { matrixWalk, walkMatrices, type ReadyMatrix } from "../src/features/walk.ts";
import { aggregateColumns } from "../src/market/aggregate.ts";
import { crypto247 } from "../src/market/calendars/crypto-24-7.ts";
import { sliceColumns } from "../src/market/columns.ts";
import { decodeSnapshot, encodeSnapshot } from "../src/snapshot.ts";
import { bits, walk } from "./indicators-data.ts";
import { noiseAfter } from "./support/future.ts";

const choices = Object.keys(features);
const short: Readonly<Record<string, Record<string, number>>> = {
  rsi: { period: 2 },
  mfi: { period: 2 },
  macd_histogram: { fast: 1, slow: 2, signal: 1 },
  range_atr: { period: 2 },
  bollinger_position: { period: 2 },
  volatility: { period: 2 },
  ema_distance: { period: 2 },
};

/** Plans of one to four timeframes from a minute up, with features of short periods, so that they are ready on a short walk. */
const plans: fc.Arbitrary<MatrixPlan> = fc.record({
  timeframes: fc.constantFrom<readonly Timeframe[]>(["1m"], ["1m", "5m"], ["1m", "15m"], ["5m"], ["5m", "15m"], ["1m", "5m", "15m", "1h"]),
  window: fc.integer({ min: 1, max: 4 }),
  features: fc
    .uniqueArray(fc.constantFrom(...choices), { minLength: 1, maxLength: 6 })
    .map((names) => names.map((name) => ({ name, ...(short[name] && { parameters: short[name] }) }))),
});

/** Bars left out here and there, as markets without trades do. */
const holed = fc.tuple(walk(150, 400), fc.array(fc.nat(), { maxLength: 12 })).map(([columns, holes]) => {
  const out = new Set(holes.map((hole) => hole % columns.length));
  return picked(
    columns,
    Array.from({ length: columns.length }, (_, row) => row).filter((row) => !out.has(row)),
  );
});

function picked(columns: CandleColumns, rows: readonly number[]): CandleColumns {
  const out = allocateColumns(columns.instrument, columns.timeframe, rows.length);
  for (const field of ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const)
    rows.forEach((row, i) => void (out[field][i] = columns[field][row]!));
  return out;
}

type Seen = readonly [closeTime: number, from: number, matrix: string];
const seen = ({ candle, from, matrix }: ReadyMatrix): Seen => [candle.closeTime, from, bits(matrix)];

function streamed(plan: MatrixPlan, columns: CandleColumns, cut: number): Seen[] {
  const first = matrixWalk(plan, columns.timeframe, crypto247);
  const second = matrixWalk(plan, columns.timeframe, crypto247);
  const out: Seen[] = [];
  for (let row = 0; row < cut; row++) out.push(...first.update(candleAt(columns, row)).map(seen));
  second.restore(decodeSnapshot(encodeSnapshot(first.snapshot())));
  for (let row = cut; row < columns.length; row++) out.push(...second.update(candleAt(columns, row)).map(seen));
  return out;
}

function walked(plan: MatrixPlan, columns: CandleColumns): Seen[] {
  const out: Seen[] = [];
  walkMatrices(plan, columns, crypto247, (ready) => out.push(seen(ready)));
  return out;
}

test("given any plan, when a stream is cut anywhere and restored, then its matrices are those of whole columns, byte for byte", () => {
  let compared = 0;
  fc.assert(
    fc.property(holed, plans, fc.nat(), (columns, plan, at) => {
      const whole = walked(plan, columns);
      compared += whole.length;
      expect(streamed(plan, columns, at % (columns.length + 1))).toEqual(whole);
    }),
    { numRuns: 60 },
  );
  expect(compared).toBeGreaterThan(1_000);
});

test("given any plan, when coarser candles are made as columns first, then the matrices are the same bytes", () => {
  fc.assert(
    fc.property(holed, plans, (columns, plan) => {
      const steps = timeframeNames.filter((name) => ["1m", "5m", "15m", "1h"].includes(name));
      const made = new Map<Timeframe, CandleColumns>([["1m", columns]]);
      steps.slice(1).forEach((name, i) => made.set(name, aggregateColumns(made.get(steps[i]!)!, crypto247, name)));
      const all = plan.timeframes.map((name) => made.get(name)!);
      const out: [number, string][] = [];
      eachMatrix(plan, all, { calendar: crypto247 }, (matrix, row) => out.push([all[0]!.closeTime[row]!, bits(matrix)]));
      // A last bar that no candle closes is never given by a stream, nor by columns.
      expect(walked(plan, columns).map(([time, , matrix]) => [time, matrix])).toEqual(out);
    }),
    { numRuns: 60 },
  );
});

test("given any plan, when everything after t is noise or has not come, then no matrix up to t changes by a bit", () => {
  fc.assert(
    fc.property(holed, plans, fc.nat(), fc.nat(), (columns, plan, at, seed) => {
      const row = at % columns.length;
      const time = columns.closeTime[row]!;
      const until = (all: readonly Seen[]): Seen[] => all.filter(([closeTime]) => closeTime <= time);
      const whole = until(walked(plan, columns));
      expect(until(walked(plan, noiseAfter(columns, time, seed)))).toEqual(whole);
      // A bar whose last minutes are missing closes with the next candle that comes.
      const early = until(walked(plan, sliceColumns(columns, 0, row + 1)));
      expect(early).toEqual(whole.slice(0, early.length));
    }),
    { numRuns: 60 },
  );
});

test("given data coarser than the plan, when a walk is made, then one line says so", () => {
  const plan: MatrixPlan = { timeframes: ["1m"], window: 2, features: [{ name: "body" }] };
  expect(() => matrixWalk(plan, "5m", crypto247)).toThrow(expect.objectContaining({ code: "DATA_TOO_COARSE", action: "input" }) as Error);
});

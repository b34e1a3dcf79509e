import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildDataset, type DatasetPlan } from "../src/dataset/build.ts";
import { DOWN, FLAT, sideCost, UP, type Dataset } from "../src/dataset/dataset.ts";
import type { LabelChoice } from "../src/dataset/label.ts";
import { labelRules } from "../src/dataset/labels/registry.ts";
import type { CandleColumns } from "../src/domain/candle.ts";
import type { MatrixPlan } from "../src/features/plan.ts";
import { crypto247 } from "../src/market/calendars/crypto-24-7.ts";
import { sliceColumns } from "../src/market/columns.ts";
import { bits, columnsOf, dataAvailable, readCandles, walk } from "./indicators-data.ts";
import { d, instrument } from "./support/builders.ts";
import { noiseAfter } from "./support/future.ts";

const options = { calendar: crypto247 };
const small: MatrixPlan = { timeframes: ["1m"], window: 2, features: [{ name: "log_return" }, { name: "body" }] };
const layered: MatrixPlan = {
  timeframes: ["1m", "5m"],
  window: 2,
  features: [{ name: "log_return" }, { name: "range_atr", parameters: { period: 2 } }],
};
const coarse: MatrixPlan = { ...small, timeframes: ["5m"] };
const labels: readonly LabelChoice[] = [
  { name: "forward_return", parameters: { horizon: 3 } },
  { name: "triple_barrier", parameters: { horizon: 6, volatility: 5 } },
];

function planOf(label: LabelChoice, matrix = small, takerFee = "0.0005", kind: "spot" | "linear" = "linear"): DatasetPlan {
  return { instrument: instrument(kind, { takerFee: d(takerFee) }), matrix, label, costs: { spreadBps: 0, slippageBps: 0 } };
}

/** One row as text, bit for bit; the outcome only with `labelled`. */
function rowText(set: Dataset, row: number, labelled: boolean): string {
  const features = bits(set.x.subarray(row * set.rowSize, (row + 1) * set.rowSize));
  const outcome = [set.labelEnd, set.label, set.forwardReturn, set.longReturn, set.shortReturn].map((column) => column[row]);
  return JSON.stringify([set.closeTime[row], set.featureStart[row], features, ...(labelled ? outcome : [])]);
}

/** Bars of one minute that open at these prices and close at the next one's open. */
function opens(...prices: number[]): CandleColumns {
  const open = Float64Array.from(prices);
  const close = Float64Array.from(prices, (price, i) => prices[i + 1] ?? price);
  const openTime = Float64Array.from(prices, (_, i) => i * 60_000);
  const high = open.map((price, i) => Math.max(price, close[i]!));
  const low = open.map((price, i) => Math.min(price, close[i]!));
  return columnsOf({ openTime, open, high, low, close, volume: open.map(() => 1) });
}

describe("a row of a data set", () => {
  test("given any candles, when everything after its close is noise, then its matrix stays, bit for bit; after its label's end, all of it", () => {
    let compared = 0;
    fc.assert(
      fc.property(
        walk(60, 200),
        fc.constantFrom(small, layered, coarse),
        fc.constantFrom(...labels),
        fc.nat(),
        fc.nat(),
        (columns, matrix, label, at, seed) => {
          const plan = planOf(label, matrix);
          const set = built(plan, columns);
          if (set === undefined) return;
          const row = at % set.rows;
          const blind = built(plan, noiseAfter(columns, set.closeTime[row]!, seed));
          const same = blind === undefined ? -1 : blind.closeTime.indexOf(set.closeTime[row]!);
          // The label may lie beyond the data when it looks at noise: then there is no row, and nothing to compare.
          if (same !== -1) expect(rowText(blind!, same, false)).toBe(rowText(set, row, false));
          const later = built(plan, noiseAfter(columns, set.labelEnd[row]!, seed))!;
          expect(rowText(later, later.closeTime.indexOf(set.closeTime[row]!), true)).toBe(rowText(set, row, true));
          expect(set.featureStart[row]!).toBeLessThan(set.closeTime[row]!);
          expect(set.labelEnd[row]!).toBeGreaterThan(set.closeTime[row]!);
          compared++;
        },
      ),
      { numRuns: 80 },
    );
    expect(compared).toBeGreaterThan(40);
  });

  test("given data that ends early, when it is built, then its rows are the first of the whole, without those that would look further", () => {
    fc.assert(
      fc.property(walk(60, 160), fc.constantFrom(...labels), fc.nat(), (columns, label, at) => {
        const plan = planOf(label);
        const part = sliceColumns(columns, 0, 30 + (at % (columns.length - 30)));
        const [whole, early] = [built(plan, columns), built(plan, part)];
        const last = part.closeTime[part.length - 1]!;
        const texts = (set: Dataset | undefined): string[] =>
          Array.from({ length: set?.rows ?? 0 }, (_, row) => row)
            .filter((row) => set!.labelEnd[row]! <= last)
            .map((row) => rowText(set!, row, true));
        expect(texts(early)).toEqual(texts(whole));
      }),
      { numRuns: 60 },
    );
  });

  test("given data finer than the matrix, when it is built, then there is a row per close of the matrix and the entry is the next open", () => {
    const prices = Array.from({ length: 60 }, (_, i) => 100 + i);
    const set = built(planOf({ name: "forward_return", parameters: { horizon: 1 } }, coarse, "0"), opens(...prices))!;
    expect([...set.closeTime]).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11].map((bar) => bar * 300_000));
    // The first row is as of minute 15: in at the open of bar 15..20, out at its close.
    expect(set.forwardReturn[0]).toBeCloseTo(120 / 115 - 1, 12);
    expect(set.labelEnd[0]).toBe(20 * 60_000);
  });
});

function built(plan: DatasetPlan, columns: CandleColumns): Dataset | undefined {
  try {
    return buildDataset(plan, columns, options);
  } catch (error) {
    expect(error).toMatchObject({ code: "DATA_SET_EMPTY" });
    return undefined;
  }
}

describe("forward_return", () => {
  const label: LabelChoice = { name: "forward_return", parameters: { horizon: 2 } };
  const first = (prices: readonly number[], fee: string) => built(planOf(label, small, fee), opens(...prices))!;

  test("given a move, when it pays the round trip, then it is up or down, else flat; in at the next open, out at the last close", () => {
    // The matrix is ready at the close of bar 2: bars 3 and 4 are held, from 100 to the open of bar 5.
    for (const [end, fee, said] of [
      [101, "0.004", UP],
      [101, "0.006", FLAT],
      [99, "0.004", DOWN],
      [99, "0.006", FLAT],
      [100, "0", FLAT],
    ] as const) {
      const set = first([98, 99, 99, 100, 97, end, end], fee);
      expect(set.closeTime[0]).toBe(3 * 60_000);
      expect([set.label[0], set.labelEnd[0]]).toEqual([said, 5 * 60_000]);
      expect(set.forwardReturn[0]).toBeCloseTo(end / 100 - 1, 12);
    }
  });

  test("given both directions, when costs are paid, then what is left is as a trade would have it", () => {
    const set = first([98, 99, 99, 100, 97, 110, 110], "0.01");
    // Long: 100 and 1 of fee out, 110 less 1.1 in. Short: the reverse.
    expect(set.longReturn[0]).toBeCloseTo((110 - 1.1 - 101) / 100, 12);
    expect(set.shortReturn[0]).toBeCloseTo((100 - 1 - 111.1) / 100, 12);
    expect(sideCost(0.001, { spreadBps: 4, slippageBps: 3 })).toBeCloseTo(0.0015, 12);
  });
});

describe("triple_barrier", () => {
  type Bars = readonly (readonly [number, number, number, number])[];

  /** Twelve bars that swing by 1 % around 100, then those given as [open, high, low, close]. */
  function scene(bars: Bars): CandleColumns {
    const swing = Array.from({ length: 12 }, (_, i): [number, number, number, number] =>
      i % 2 === 0 ? [100, 101, 100, 101] : [101, 101, 100, 100],
    );
    const all = [...swing, ...bars];
    const of = (place: number) => Float64Array.from(all, (one) => one[place]!);
    return columnsOf({ openTime: Float64Array.from(all, (_, i) => i * 60_000), open: of(0), high: of(1), low: of(2), close: of(3) });
  }

  /** The row as of the close of the twelfth bar. One-bar returns deviate by about 1 %, so over 4 bars the barriers are 2 % away. */
  function outcome(bars: Bars, fee = "0"): { label: number; end: number; long: number; short: number } {
    const plan = planOf({ name: "triple_barrier", parameters: { horizon: 4, volatility: 6 } }, small, fee);
    const set = built(plan, scene(bars))!;
    const row = set.closeTime.indexOf(12 * 60_000);
    return { label: set.label[row]!, end: set.labelEnd[row]! / 60_000, long: set.longReturn[row]!, short: set.shortReturn[row]! };
  }
  const calm = [100, 100.5, 99.5, 100] as const;

  test("given a barrier that is reached, when it is the first, then it decides, at the bar that reached it", () => {
    expect(outcome([calm, [100, 103, 99.5, 102], [102, 102, 90, 90], calm])).toMatchObject({ label: UP, end: 14 });
    expect(outcome([calm, calm, [100, 100, 97, 98], [98, 120, 98, 120]])).toMatchObject({ label: DOWN, end: 15 });
    expect(outcome([calm, calm, calm, calm])).toMatchObject({ label: FLAT, end: 16 });
  });

  test("given one bar that reaches both, when it is judged, then long and short both lose", () => {
    const both = outcome([[100, 103, 97, 100], calm, calm, calm]);
    expect(both).toMatchObject({ label: FLAT, end: 13 });
    expect(both.long).toBeLessThan(-0.019);
    expect(both.short).toBeLessThan(-0.019);
  });

  test("given a jump over a barrier, when it is filled, then at the open", () => {
    const up = outcome([calm, [110, 111, 109, 110], calm, calm]);
    expect([up.label, up.long]).toEqual([UP, expect.closeTo(0.1, 9)]);
    expect(up.short).toBeCloseTo(-0.1, 9);
  });

  test("given costs over the usual move, when a barrier is set, then so far away that reaching it pays them", () => {
    const costly = outcome([[100, 103, 99.5, 102], calm, calm, calm], "0.02");
    expect(costly.label).toBe(FLAT);
    const paid = outcome([[100, 105, 99.5, 104], calm, calm, calm], "0.02");
    expect(paid.label).toBe(UP);
    expect(Math.abs(paid.long)).toBeLessThan(1e-12);
  });
});

describe("a data set", () => {
  test("given a limit, when it would take more, then both numbers are said and nothing is made; else its size is told first", () => {
    const columns = opens(...Array.from({ length: 100 }, (_, i) => 100 + (i % 7)));
    const said: number[][] = [];
    const plan = planOf(labels[0]!);
    expect(() => buildDataset(plan, columns, { ...options, maxBytes: 1_000, onSize: (...size) => said.push(size) })).toThrow(
      expect.objectContaining({
        code: "DATA_SET_TOO_LARGE",
        message: expect.stringMatching(/ 0\.\d MiB for 98 rows.*limit is 0\.0 MiB/) as string,
      }) as Error,
    );
    expect(said).toEqual([]);
    buildDataset(plan, columns, { ...options, maxBytes: 100_000, onSize: (...size) => said.push(size) });
    expect(said).toEqual([[98, 98 * (4 * 4 + 52)]]);
  });

  test("given data that stops and goes on much later, when it is built, then no row sees or holds over the hole; bars without trades are none", () => {
    const gapped = (minutes: number): CandleColumns => {
      const columns = opens(...Array.from({ length: 60 }, (_, i) => (i < 30 ? 100 : 250) + (i % 7)));
      columns.close[29] = columns.high[29] = columns.open[29]!;
      const later = (time: number, i: number): number => (i < 30 ? time : time + minutes * 60_000);
      return { ...columns, openTime: columns.openTime.map(later), closeTime: columns.closeTime.map(later) };
    };
    const [from, to] = [30 * 60_000, (30 + 25) * 60_000];
    for (const label of labels) {
      const told: unknown[] = [];
      const whole = buildDataset(planOf(label), gapped(15), options);
      const set = buildDataset(planOf(label), gapped(25), { ...options, onHoles: (...said) => told.push(said) });
      expect([...set.featureStart].filter((start, row) => start < to && set.labelEnd[row]! > from)).toEqual([]);
      expect(told).toEqual([[[{ from, to }], whole.rows - set.rows]]);
      expect(whole.rows - set.rows).toBeGreaterThan(2);
      expect(Math.max(...whole.forwardReturn)).toBeGreaterThan(1);
      expect(Math.max(...set.forwardReturn)).toBeLessThan(0.1);
    }
  });

  test("given too few candles or an unknown label, when it is built, then one line says so", () => {
    const columns = opens(100, 101, 102);
    expect(() => buildDataset(planOf(labels[0]!), columns, options)).toThrow(expect.objectContaining({ code: "DATA_SET_EMPTY" }) as Error);
    expect(() => buildDataset(planOf({ name: "next_move" }), columns, options)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_LABEL", action: "input" }) as Error,
    );
    for (const { name } of Object.values(labelRules).filter(({ parameters }) => "horizon" in parameters))
      expect(() => buildDataset(planOf({ name, parameters: { horizon: 0 } }), columns, options)).toThrow(
        expect.objectContaining({ code: "BAD_PARAMETER" }) as Error,
      );
  });
});

test.skipIf(!dataAvailable)("given real candles, when everything after a row's label is noise, then the row stays (../shared/data)", () => {
  const columns = sliceColumns(readCandles("usa_SPY_1m.csv", "1m"), 0, 3_000);
  const matrix: MatrixPlan = {
    timeframes: ["1m"],
    window: 20,
    features: [{ name: "log_return" }, { name: "rsi" }, { name: "bollinger_position" }],
  };
  const plan = planOf(labels[1]!, matrix);
  const set = built(plan, columns)!;
  expect(set.rows).toBeGreaterThan(1_000);
  for (const row of [0, set.rows >> 1, set.rows - 1]) {
    const later = built(plan, noiseAfter(columns, set.labelEnd[row]!, row))!;
    expect(rowText(later, later.closeTime.indexOf(set.closeTime[row]!), true)).toBe(rowText(set, row, true));
  }
});

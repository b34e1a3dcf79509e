import { describe, expect, test } from "vitest";
import { FLAT, UP, type Dataset } from "../src/dataset/dataset.ts";
import { evaluatePredictions, naiveBaseline, type BaselineName, type Evaluation } from "../src/dataset/evaluate.ts";
import { blockLength, bootstrapMean } from "../src/dataset/money.ts";
import { createPrng } from "../src/sim/prng.ts";

const COST = 0.001;

/** Rows a minute apart, each label over at the next close; moves are given. */
function setOf(moves: readonly number[], canShort = true): Dataset {
  const of = (value: (i: number) => number) => Float64Array.from(moves, (_, i) => value(i));
  return {
    instrument: "X",
    matrix: { timeframes: ["1m"], window: 1, features: [{ name: "body" }] },
    rows: moves.length,
    rowSize: 1,
    x: new Float32Array(moves.length),
    featureStart: of((i) => i - 1),
    closeTime: of((i) => i),
    labelEnd: of((i) => i + 1),
    label: Int32Array.from(moves, (move) => (move > COST ? 2 : move < -COST ? 0 : 1)),
    forwardReturn: of((i) => moves[i]!),
    longReturn: of((i) => moves[i]! - COST),
    shortReturn: of((i) => -moves[i]! - COST),
    canShort,
  };
}

/** Half of the rows to learn from, the rest to judge by; `said` gives the label of a row. */
function judged(set: Dataset, said: (row: number) => number, sure = 0.8): Evaluation {
  const half = set.rows >> 1;
  const train = Int32Array.from({ length: half }, (_, i) => i);
  const rows = Int32Array.from({ length: set.rows - half }, (_, i) => half + i);
  const probabilities = new Float32Array(rows.length * 3).fill((1 - sure) / 2);
  rows.forEach((row, i) => void (probabilities[i * 3 + said(row)] = sure));
  return evaluatePredictions(set, [{ train, rows, probabilities }], 7);
}
const baseline = (of: Evaluation, name: BaselineName) => of.baselines.find((one) => one.name === name)!;

const noise = (count: number, seed: number, size = 0.004): number[] => {
  const prng = createPrng(seed);
  return Array.from({ length: count }, () => size * prng.normal());
};

describe("whether a model beats doing the naive thing", () => {
  test("given a model that knows, when it is judged, then yes; one that is always wrong, no; one that never acts cannot be told apart", () => {
    const set = setOf(noise(400, 1));
    const knows = judged(set, (row) => set.label[row]!);
    expect([knows.beatsNaive, knows.accuracy]).toEqual(["yes", 1]);
    expect(knows.against.difference.low).toBeGreaterThan(0);
    expect(judged(set, (row) => 2 - set.label[row]!).beatsNaive).toBe("no");
    const idle = judged(set, () => FLAT);
    expect([idle.money.mean, idle.money.acted]).toEqual([0, 0]);
    expect(idle.beatsNaive).not.toBe("yes");
  });

  test("given noise, when models guess, then hardly one is said to win", () => {
    const won = Array.from({ length: 60 }, (_, seed) => {
      const set = setOf(noise(300, 100 + seed));
      const prng = createPrng(seed);
      return judged(set, () => prng.below(3)).beatsNaive;
    }).filter((verdict) => verdict === "yes");
    expect(won.length).toBeLessThanOrEqual(2);
  });

  test("given a market that rises by less than its costs, when each row is traded, then holding on is what it is measured against", () => {
    const set = setOf(noise(400, 3, 1e-5).map((move) => COST / 2 + move));
    const long = judged(set, () => UP);
    expect(long.against.baseline).toBe("buy_and_hold");
    expect(long.beatsNaive).toBe("no");
    expect(long.money.mean).toBeCloseTo(baseline(long, "always_long").money.mean, 12);
  });

  test("given what cannot be sold short, when down is said, then no position is taken", () => {
    const falling = Array.from({ length: 100 }, () => -0.01);
    expect(judged(setOf(falling, true), () => 0).money.mean).toBeCloseTo(0.009, 9);
    const spot = judged(setOf(falling, false), () => 0);
    expect([spot.money.mean, spot.money.acted]).toEqual([0, 0]);
  });

  test("given the same input, when it is judged twice, then every figure is the same", () => {
    const set = setOf(noise(200, 5));
    expect(judged(set, (row) => row % 3)).toEqual(judged(set, (row) => row % 3));
  });
});

describe("scores", () => {
  test("given known probabilities, when they are scored, then the figures are those of the textbook", () => {
    const set = setOf([0, 0, 0.01, -0.01]);
    const { logLoss, brier, confusion, calibration, accuracy } = judged(set, () => UP, 0.7);
    expect(accuracy).toBe(0.5);
    expect(logLoss).toBeCloseTo((-Math.log(0.7) - Math.log(0.15)) / 2, 6);
    expect(brier).toBeCloseTo((0.09 + 2 * 0.0225 + 0.49 + 0.7225 + 0.0225) / 2, 6);
    expect(confusion).toEqual([
      [0, 0, 1],
      [0, 0, 0],
      [0, 0, 1],
    ]);
    // 0.7 as a float32 is a little below, so it may fall into either bin.
    const filled = calibration.filter(({ count }) => count > 0);
    expect(filled).toHaveLength(1);
    expect(filled[0]).toMatchObject({ count: 2, accuracy: 0.5 });
    expect(calibration.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  });

  test("given folds, when the naive baseline is made, then each fold says the shares of its own training rows", () => {
    const set = setOf([0.01, 0.01, -0.01, 0, 0, 0]);
    const folds = [
      { train: Int32Array.of(0, 1, 2), rows: Int32Array.of(3) },
      { train: Int32Array.of(0, 1, 2, 3), rows: Int32Array.of(4, 5) },
    ];
    expect([...naiveBaseline(set, folds)]).toEqual([1 / 3, 0, 2 / 3, 0.25, 0.25, 0.5, 0.25, 0.25, 0.5].map(Math.fround));
  });

  test("given labels that take their time, when the last known one is said again, then only what was over by then counts", () => {
    // Each label is over four rows later; the market turns at row 20.
    const set = setOf(Array.from({ length: 40 }, (_, i) => (i < 20 ? 0.01 : -0.01)));
    set.labelEnd.forEach((_, row) => void (set.labelEnd[row] = row + 4));
    const persistence = baseline(
      judged(set, () => FLAT),
      "persistence",
    );
    // Rows 20..23 still say up; from row 24 on the label of row 20 is known.
    expect(persistence.accuracy).toBe(16 / 20);
  });
});

describe("the spread of a mean", () => {
  test("given rows that overlap, when blocks are drawn, then they are as long as the overlap and the error is larger than of single rows", () => {
    const prng = createPrng(9);
    const values = new Float64Array(2_000);
    let sum = 0;
    for (let i = 0; i < values.length; i++) values[i] = sum = 0.9 * sum + prng.normal();
    const [single, blocks] = [bootstrapMean(values, 1, 1), bootstrapMean(values, 60, 1)];
    expect(blocks.standardError).toBeGreaterThan(2.5 * single.standardError);
    expect(blocks.mean).toBe(single.mean);
    expect(blocks.low).toBeLessThan(blocks.mean);
    expect(blocks.high).toBeGreaterThan(blocks.mean);
    const set = setOf(noise(1_000, 1));
    const rows = Int32Array.from({ length: 1_000 }, (_, i) => i);
    expect(blockLength(set, rows)).toBe(10);
    set.labelEnd.forEach((_, row) => void (set.labelEnd[row] = row + 50));
    expect(blockLength(set, rows)).toBe(150);
  });

  test("given rows that overlap and tell nothing, when there are few or many, then an interval leaves out 0 about as seldom as it says", () => {
    const OVERLAP = 20;
    for (const rows of [30, 100, 250, 1_000]) {
      const certain = Array.from({ length: 200 }, (_, seed) => {
        const ends = noise(rows + OVERLAP, 1_000 + seed).reduce<number[]>((sums, one) => [...sums, sums.at(-1)! + one], [0]);
        const set = setOf(Array.from({ length: rows }, (_row, i) => ends[i + OVERLAP]! - ends[i]!));
        set.labelEnd.forEach((_end, row) => void (set.labelEnd[row] = row + OVERLAP));
        const block = blockLength(
          set,
          Int32Array.from({ length: rows }, (_row, i) => i),
        );
        const { low, high } = bootstrapMean(set.forwardReturn, block, seed);
        return low > 0 || high < 0;
      }).filter(Boolean);
      expect(certain.length, `${rows} rows`).toBeLessThanOrEqual(20);
    }
  });

  test("given no more rows than overlap, when a model earned on all of them, then no verdict is given", () => {
    const set = setOf(Array.from({ length: 40 }, () => 0.01));
    set.labelEnd.forEach((_, row) => void (set.labelEnd[row] = row + 30));
    const { beatsNaive, against } = judged(set, () => UP);
    expect([beatsNaive, against.difference.low]).toEqual(["not distinguishable", NaN]);
  });
});

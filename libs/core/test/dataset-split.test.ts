import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rowsBefore, walkForward } from "../src/dataset/split.ts";
import { labelCounts, normaliserOf } from "../src/dataset/statistics.ts";
import type { MatrixPlan } from "../src/features/plan.ts";

/** Rows in time order that see up to 30 back and whose labels end up to 30 ahead, in no order of their own. */
const times = fc
  .array(
    fc.record({ step: fc.integer({ min: 1, max: 9 }), back: fc.integer({ min: 1, max: 30 }), ahead: fc.integer({ min: 1, max: 30 }) }),
    {
      minLength: 30,
      maxLength: 200,
    },
  )
  .map((all) => {
    let time = 0;
    const closeTime = Float64Array.from(all, ({ step }) => (time += step));
    return {
      rows: all.length,
      closeTime,
      featureStart: closeTime.map((close, i) => close - all[i]!.back),
      labelEnd: closeTime.map((close, i) => close + all[i]!.ahead),
    };
  });

describe("walk-forward folds", () => {
  test("given any rows, when they are split, then no label that is learnt from reaches what a validation row sees or is judged by", () => {
    let folded = 0;
    fc.assert(
      fc.property(
        times,
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        fc.nat(20),
        (set, folds, minTrain, embargoMs) => {
          let all;
          try {
            all = walkForward(set, { folds, minTrain, embargoMs });
          } catch (error) {
            expect(error).toMatchObject({ code: "TOO_FEW_ROWS", action: "input" });
            return;
          }
          for (const { train, validation, purged } of all) {
            folded++;
            expect(train.length + purged).toBe(validation[0]);
            for (const learnt of train)
              for (const judged of validation) {
                const apart = set.featureStart[judged]! - set.labelEnd[learnt]!;
                if (apart < embargoMs) expect({ learnt, judged, apart }).toEqual("at least the embargo");
              }
          }
          // Every row after the first block is judged once, in order.
          const judged = all.flatMap(({ validation }) => [...validation]);
          expect(judged).toEqual(Array.from({ length: judged.length }, (_, i) => set.rows - judged.length + i));
        },
      ),
      { numRuns: 150 },
    );
    expect(folded).toBeGreaterThan(100);
  });

  test("given labels that are over at once, when they are split, then nothing is purged but what the windows overlap", () => {
    const closeTime = Float64Array.from({ length: 100 }, (_, i) => i * 10);
    const set = { rows: 100, closeTime, featureStart: closeTime.map((t) => t - 30), labelEnd: closeTime.map((t) => t + 1) };
    const [fold] = walkForward(set, { folds: 1, minTrain: 0.5, embargoMs: 0 });
    expect([fold!.train.length, fold!.validation.length, fold!.purged]).toEqual([47, 50, 3]);
    expect(rowsBefore(set, Int32Array.of(50), 100).length).toBe(37);
  });

  test("given a split that makes no sense, when it is asked for, then one line says so", () => {
    const closeTime = new Float64Array(10);
    const set = { rows: 10, closeTime, featureStart: closeTime, labelEnd: closeTime };
    for (const wrong of [{ folds: 0 }, { folds: 1.5 }, { minTrain: 0 }, { minTrain: 1 }, { embargoMs: -1 }, { minTrain: Number.NaN }])
      expect(() => walkForward(set, { folds: 1, minTrain: 0.5, embargoMs: 0, ...wrong })).toThrow(
        expect.objectContaining({ code: "BAD_SPLIT", action: "input" }) as Error,
      );
  });
});

describe("statistics of rows", () => {
  const matrix: MatrixPlan = { timeframes: ["1m", "5m"], window: 2, features: [{ name: "log_return" }, { name: "body" }] };
  const rowSize = 8;

  test("given other rows, when they change, then the normaliser does not: it is of the rows it is given", () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: rowSize * 4, maxLength: rowSize * 4 }),
        (values) => {
          const x = Float32Array.from(values);
          const rows = Int32Array.of(0, 2);
          const before = normaliserOf({ matrix, x, rowSize }, rows);
          for (const row of [1, 3]) x.fill(1e9, row * rowSize, (row + 1) * rowSize);
          expect(normaliserOf({ matrix, x, rowSize }, rows)).toEqual(before);
        },
      ),
    );
  });

  test("given large values that vary little, when they are measured, then the deviation is theirs; a constant one counts as 1", () => {
    // [timeframe][window][feature]: channels 0 and 1 of the first timeframe, 2 and 3 of the second.
    const x = Float32Array.of(1e6, 5, 1e6 + 2, 5, 1, 0, 3, 0, 1e6, 5, 1e6 + 2, 5, 1, 0, 3, 0);
    const { mean, deviation } = normaliserOf({ matrix, x, rowSize }, Int32Array.of(0, 1));
    expect([...mean]).toEqual([1e6 + 1, 5, 2, 0]);
    expect([...deviation]).toEqual([1, 1, 1, 1]);
    x[0] = 1e6 + 2;
    x[8] = 1e6 + 2;
    expect([...normaliserOf({ matrix, x, rowSize }, Int32Array.of(0, 1)).deviation]).toEqual([1, 1, 1, 1]);
    x[4] = -3;
    x[12] = -3;
    expect(normaliserOf({ matrix, x, rowSize }, Int32Array.of(0, 1)).deviation[2]).toBe(3);
  });

  test("given labels, when they are counted, then only the rows asked for count", () => {
    const label = Int32Array.of(0, 0, 0, 1, 1, 2, 1, 0);
    expect(labelCounts({ label }, Int32Array.of(0, 1, 2, 3, 4, 5))).toEqual([3, 2, 1]);
    expect(labelCounts({ label }, Int32Array.of(7))).toEqual([1, 0, 0]);
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { addRows, histogramPool } from "../../src/trees/histogram.ts";
import { growTree, leafOf } from "../../src/trees/tree.ts";
import { binRows, quantileCuts } from "../../src/trees/bins.ts";

const width = 3;
/** Few different values, so that ties, constant columns and empty bins come up. */
const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ noNaN: true, noDefaultInfinity: true, min: -10, max: 10 }));
const row = fc.record({
  x: fc.array(value, { minLength: width, maxLength: width }),
  gradient: fc.float({ noNaN: true, min: -1, max: 1 }),
  hessian: fc.float({ noNaN: true, min: Math.fround(1e-6), max: 0.25 }),
});
const forest = fc.record({
  rows: fc.array(row, { minLength: 1, maxLength: 120 }),
  bins: fc.integer({ min: 2, max: 40 }),
  leaves: fc.integer({ min: 2, max: 20 }),
  l2: fc.constantFrom(0.01, 1, 10),
  minLeafWeight: fc.constantFrom(0.001, 0.3, 1, 5),
});

test("given any rows and rules, when a tree is grown, then no leaf is lighter than the minimum and each value is its leaf's own", () => {
  fc.assert(
    fc.property(forest, ({ rows, bins, leaves, l2, minLeafWeight }) => {
      const x = Float32Array.from(rows.flatMap((one) => one.x));
      const gradients = Float32Array.from(rows, (one) => one.gradient);
      const hessians = Float32Array.from(rows, (one) => one.hessian);
      const cuts = quantileCuts(x, rows.length, width, bins);
      const binned = { bins: binRows(x, rows.length, cuts), width, binCount: bins };
      const columns = Int32Array.from({ length: width }, (_, i) => i);
      const ground = { binned, cuts, gradients, hessians, columns, pool: histogramPool(binned) };
      const order = Int32Array.from(rows, (_, i) => i);
      const tree = growTree(ground, order, { leaves, l2, minLeafWeight, minGain: 0, learningRate: 1 });

      const sums = new Map<number, { gradient: number; hessian: number }>();
      for (let i = 0; i < rows.length; i++) {
        const leaf = leafOf(tree, x, i * width);
        const sum = sums.get(leaf) ?? { gradient: 0, hessian: 0 };
        sums.set(leaf, { gradient: sum.gradient + gradients[i]!, hessian: sum.hessian + hessians[i]! });
      }
      const ends = tree.column.flatMap((column, node) => (column < 0 ? [node] : []));
      expect([...sums.keys()].toSorted((a, b) => a - b)).toEqual(ends);
      expect(ends.length).toBeLessThanOrEqual(leaves);
      for (const [leaf, { gradient, hessian }] of sums) {
        if (ends.length > 1) expect(hessian).toBeGreaterThan(minLeafWeight - 1e-9);
        expect(tree.value[leaf]).toBeCloseTo(-gradient / (hessian + l2), 4);
      }
    }),
    { numRuns: 300 },
  );
});

test("given columns that are not drawn, when rows are added to a histogram, then only the drawn ones hold sums", () => {
  const binned = { bins: Uint8Array.of(0, 1, 1, 0), width: 2, binCount: 2 };
  const histogram = histogramPool(binned).take();
  addRows(histogram, binned, Int32Array.of(1), Float32Array.of(1, 2), Float32Array.of(0.5, 0.25), Int32Array.of(0, 1), 0, 2);
  expect([...histogram]).toEqual([0, 0, 0, 0, 2, 0.25, 1, 0.5]);
});

import { allocateColumns } from "@tradewind/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { envelope } from "../src/report/downsample.ts";
import { generator } from "./report-demo.ts";

const noise = (n: number, seed: number) => {
  const random = generator(seed);
  return Float64Array.from({ length: n }, () => random() * 100);
};

it("loses no high and no low of the candles", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 60 }), fc.nat(), (n, buckets, seed) => {
      const columns = allocateColumns("A", "1m", n);
      columns.low.set(noise(n, seed));
      columns.high.set(noise(n, seed + 1).map((value, i) => value + columns.low[i]!));
      columns.close.set(columns.low);
      columns.closeTime.set(Float64Array.from({ length: n }, (_, i) => i));
      const folded = envelope(columns, buckets);
      expect(folded.time.length).toBe(Math.min(n, buckets));
      expect(Math.min(...folded.low)).toBe(Math.min(...columns.low));
      expect(Math.max(...folded.high)).toBe(Math.max(...columns.high));
      expect(folded.close.at(-1)).toBe(columns.close[n - 1]);
      expect(folded.time.at(-1)).toBe(n - 1);
    }),
  );
});

import { describe, expect, test } from "vitest";
import { onBadRoad, shortBacktest } from "./support/bad-road.ts";
import { fillsIn } from "./support/ledger.ts";

const SEEDS = 10;

describe("given messages that come up to 5 s late on every subject, a fifth of them twice", () => {
  test.each(Array.from({ length: SEEDS }, (_, i) => i + 1))(
    "seed %i: the ledger is that of a backtest",
    { timeout: 120_000 },
    async (seed) => {
      const wanted = await shortBacktest();
      expect(fillsIn(wanted)).toBeGreaterThan(20);
      expect(await onBadRoad({ seed })).toEqual(wanted);
    },
  );
});

import { expect, test } from "vitest";
import { FLOOR, weightsOfTurncoat } from "./support/voters.ts";

const TURN = 400;
const SEEDS = 200;

// By regime it takes longer: a regime that is rare has been taught less when it comes back.
test.each([
  ["none", 0, 1.5 * FLOOR],
  ["volatility_trend", 0.25, 2 * FLOOR],
] as const)(
  "given regimes %s, when one of four members is made worse on purpose, then it loses weight within 60 closes",
  (regimes, exceptions, later) => {
    const runs = Array.from({ length: SEEDS }, (_, seed) => weightsOfTurncoat(regimes, seed + 1, TURN, TURN + 200));
    const mean = (bar: number): number => runs.reduce((sum, weights) => sum + weights[bar]!, 0) / SEEDS;
    const kept = runs.filter((weights) => weights[TURN + 60]! > Math.max(0.75 * weights[TURN]!, FLOOR + 0.01)).length / SEEDS;
    const line = [20, 60, 100, 199].map((after) => `${mean(TURN + after).toFixed(3)} after ${after} closes`).join(", ");
    process.stdout.write(
      `regimes ${regimes}, mean weight of the member made worse over ${SEEDS} seeds: ${mean(TURN).toFixed(3)} before, ${line}; ` +
        `in ${(100 * kept).toFixed(1)} % it had more than three quarters left after 60\n`,
    );
    expect(kept).toBeLessThanOrEqual(exceptions);
    expect(mean(TURN + 60)).toBeLessThan(0.6 * mean(TURN));
    expect(mean(TURN + 199)).toBeLessThan(later);
  },
);

import { expect, test } from "vitest";
import { closesToPromotion, RULES } from "./support/rivals.ts";

const SEEDS = 1_000;
const share = (skill: readonly [number, number], most: number): { promoted: number; middle: number } => {
  const closes = Array.from({ length: SEEDS }, (_, i) => closesToPromotion(i + 1, skill, most) ?? Infinity).sort((a, b) => a - b);
  return { promoted: closes.filter(Number.isFinite).length / SEEDS, middle: closes[SEEDS / 2]! };
};

test("given 1,000 markets, when a shadow is as good as the champion, then it is promoted in few; when it is better, in nearly all", () => {
  const equal = share([0.55, 0.55], 800);
  const better = share([0.5, 0.65], 2_000);
  const text = [
    `margin ${RULES.margin}, ${RULES.leastCloses} closes at the least`,
    `an equal shadow promoted within 800 closes: ${(100 * equal.promoted).toFixed(1)} %`,
    `right 65 % against 50 %: ${(100 * better.promoted).toFixed(1)} % promoted within 2,000 closes, half of them within ${better.middle}`,
  ];
  process.stdout.write(`${text.join("\n")}\n`);
  expect(equal.promoted).toBeLessThan(0.04);
  expect(better.promoted).toBeGreaterThan(0.98);
});

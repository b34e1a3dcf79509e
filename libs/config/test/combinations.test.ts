import { expect, test } from "vitest";
import { allCombinations, checkCombination } from "../src/combinations.ts";
import { compile, refusal } from "./variant-file.ts";

test("of 480 combinations 205 run and 275 are refused", () => {
  const all = allCombinations();
  const running = all.filter((combination) => checkCombination(combination).runs);
  expect(all.length).toBe(480);
  expect(running.length).toBe(205);
  expect(all.length - running.length).toBe(275);
});

test("every combination that runs compiles from its four choices alone; every other says why and what would run", () => {
  for (const combination of allCombinations()) {
    const result = checkCombination(combination);
    if (result.runs) {
      const { plan } = compile({ variants: combination });
      expect(plan.instruments.length).toBeGreaterThan(0);
      expect(new Set(plan.instruments.map(({ settle }) => settle))).toEqual(new Set([plan.account.currency]));
    } else {
      expect(checkCombination(result.nearest)).toEqual({ runs: true });
      expect(result.nearest.strategy).toBe(combination.strategy);
      expect(refusal({ variants: combination })).toContain(result.reason);
    }
  }
});

test.each([
  [
    { broker: "bybit", mode: "live", asset_class: "stocks" },
    { broker: "alpaca", mode: "live", asset_class: "stocks" },
  ],
  [
    { broker: "bybit", mode: "futures", asset_class: "crypto" },
    { broker: "bybit", mode: "futures", asset_class: "futures" },
  ],
  [
    { broker: "alpaca", mode: "futures", asset_class: "stocks" },
    { broker: "alpaca", mode: "live", asset_class: "stocks" },
  ],
  [
    { broker: "alpaca", mode: "paper", asset_class: "futures" },
    { broker: "bybit", mode: "paper", asset_class: "futures" },
  ],
  [
    { broker: "deribit", mode: "paper", asset_class: "crypto" },
    { broker: "bybit", mode: "paper", asset_class: "crypto" },
  ],
] as const)("nearest to %o", (asked, nearest) => {
  const result = checkCombination({ strategy: "rsi", ...asked });
  expect(result).toMatchObject({ runs: false, nearest });
});

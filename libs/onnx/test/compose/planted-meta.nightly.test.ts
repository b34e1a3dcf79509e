import { expect, test } from "vitest";
import { plantedMeta } from "./planted-members.ts";

test("given cnn, lstm and transformer trained on 100,000 windows, when a head is trained over them, then it is no worse than the best on 20,000 unseen ones", async () => {
  const plans = [
    { family: "cnn", steps: 1560 },
    { family: "lstm", steps: 1560 },
    { family: "transformer", steps: 1560 },
  ] as const;
  const { members, meta, report, largestDifference } = await plantedMeta(plans, { train: 100_000, head: 20_000, unseen: 20_000 });
  expect(meta, JSON.stringify({ members, meta, report: report.trained })).toBeGreaterThanOrEqual(Math.max(...Object.values(members)));
  expect(largestDifference).toBeLessThan(1e-5);
});

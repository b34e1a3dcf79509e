import { expect, test } from "vitest";
import { plantedMeta } from "./planted-members.ts";

test("given members trained for a moment on the planted task, when a head is trained over them, then it is no worse than the best on unseen windows", async () => {
  const plans = [
    { family: "cnn", steps: 80 },
    { family: "lstm", steps: 40 },
    { family: "transformer", steps: 20 },
  ] as const;
  const { members, meta, report, largestDifference } = await plantedMeta(plans, { train: 6000, head: 3000, unseen: 3000 });
  expect(meta, JSON.stringify({ members, meta, report: report.trained })).toBeGreaterThanOrEqual(Math.max(...Object.values(members)));
  expect(largestDifference).toBeLessThan(1e-5);
});

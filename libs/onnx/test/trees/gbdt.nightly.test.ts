import { expect, test } from "vitest";
import { trainGbdt } from "../../src/index.ts";
import { accuracy, TABULAR_CLASSES, TABULAR_WIDTH, tabularTask } from "./tabular.ts";

test("given 100,000 rows of 40 numbers in 3 classes, when trees are trained twice, then they know 0.85 of unseen rows and are the same", async () => {
  const train = tabularTask(100_000, 1);
  const unseen = tabularTask(20_000, 2);
  const hashes = [];
  for (let i = 0; i < 2; i++) {
    const trees = await trainGbdt({ ...train, width: TABULAR_WIDTH, classes: TABULAR_CLASSES, seed: 1 });
    expect(accuracy(trees.probabilities(unseen.x, unseen.rows), unseen.labels, 3)).toBeGreaterThanOrEqual(0.85);
    hashes.push(trees.weightsHash());
  }
  expect(hashes[1]).toBe(hashes[0]);
});

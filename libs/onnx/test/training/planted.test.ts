import { describe, expect, test } from "vitest";
import { greedyShare, openReplayTrainer } from "../support/planted-replay.ts";
import { accuracyOf, meanOf, openPlanted, trainEpoch } from "../support/planted-trainer.ts";
import { plantedRandom } from "../support/planted.ts";

/**
 * Losses on which two other libraries with autodiffs of their own agree, from equal weights over equal batches. The full
 * epochs of the two slower families, and accuracies after several, are in `planted.nightly.test.ts`.
 */
describe("a net on the planted task", () => {
  test.each([
    { family: "cnn", rows: 100_000, first: 1.126128, twentieth: 1.030591, accuracy: 0.85 },
    { family: "lstm", rows: 25_600, first: 1.138379, twentieth: 1.024671, accuracy: 0.92 },
    { family: "transformer", rows: 25_600, first: 1.207764, twentieth: 0.846685, accuracy: 0.65 },
  ] as const)(
    "given the known weights and batches, when $family trains, then its losses are the known ones and it learns",
    async ({ family, rows, first, twentieth, accuracy }) => {
      const trainer = await openPlanted(family);
      const losses = await trainEpoch(trainer, plantedRandom(101), rows);
      expect(Math.abs(losses[0]! - first)).toBeLessThan(1e-5);
      expect(Math.abs(losses[19]! - twentieth)).toBeLessThan(1e-5);
      if (family === "cnn") expect(meanOf(losses)).toBeCloseTo(0.5272, 3);
      expect(await accuracyOf(trainer)).toBeGreaterThan(accuracy);
      await trainer.release();
    },
  );

  test("given a game in which one action of three pays, when a double DQN replays it, then its greedy action is mostly that one", async () => {
    const trainer = await openReplayTrainer();
    expect(await greedyShare(trainer, 2_000)).toBeGreaterThan(0.75);
    await trainer.release();
  });
});

import { describe, expect, test } from "vitest";
import { greedyShare, openReplayTrainer } from "../support/planted-replay.ts";
import { accuracyOf, meanOf, openPlanted, trainEpoch } from "../support/planted-trainer.ts";
import { plantedRandom } from "../support/planted.ts";

/** 100 000 windows to train on, 5 120 to judge by. */
describe("a net on the whole planted task", () => {
  test.each([
    { family: "cnn", epochs: 6, firstEpoch: 0.5272, least: 0.9 },
    { family: "lstm", epochs: 2, firstEpoch: 0.2023, least: 0.97 },
    { family: "transformer", epochs: 3, firstEpoch: undefined, least: 0.95 },
  ] as const)(
    "given all windows, when $family trains for $epochs epochs, then it finds the motif in $least of the others",
    async ({ family, epochs, firstEpoch, least }) => {
      const trainer = await openPlanted(family);
      const random = plantedRandom(101);
      const perEpoch: string[] = [];
      for (let epoch = 0; epoch < epochs; epoch++) {
        const loss = meanOf(await trainEpoch(trainer, random));
        if (epoch === 0 && firstEpoch !== undefined) expect(loss).toBeCloseTo(firstEpoch, 3);
        perEpoch.push(`${loss.toFixed(4)}/${(await accuracyOf(trainer)).toFixed(4)}`);
      }
      expect(await accuracyOf(trainer), `loss/accuracy by epoch: ${perEpoch.join(" ")}`).toBeGreaterThanOrEqual(least);
      await trainer.release();
    },
  );

  test("given a million samples of replay, when a double DQN has seen them, then its greedy action is nearly always the one that pays", async () => {
    const trainer = await openReplayTrainer();
    expect(await greedyShare(trainer, 15_625)).toBeGreaterThanOrEqual(0.95);
    await trainer.release();
  });
});

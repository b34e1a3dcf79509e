import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { netFamilies, openNetTrainer, type NetFamilyName } from "../../src/index.ts";
import { openSmall, SMALL_BATCH, SMALL_LABELS, smallMatrices, smallNormaliser, smallShape, trainSmall } from "../support/small-task.ts";

const families = Object.keys(netFamilies) as NetFamilyName[];
const labels = new Int32Array(SMALL_BATCH);

describe("a trainer", () => {
  test.each(families)("given two of %s with the same seed, when both train, then their weights are equal bit for bit", async (family) => {
    const [a, b, other] = [await openSmall(family), await openSmall(family), await openSmall(family, { seed: 8 })];
    expect(await trainSmall(a, family, 8)).toEqual(await trainSmall(b, family, 8));
    await trainSmall(other, family, 8);
    expect(a.weightsHash()).toBe(b.weightsHash());
    expect(a.weightsHash()).not.toBe(other.weightsHash());
    expect(a.weightsHash()).toBe(createHash("sha256").update(a.snapshot().theta).digest("hex"));
    for (const trainer of [a, b, other]) await trainer.release();
  });

  test.each(families)(
    "given a snapshot of %s in the middle, when a new trainer goes on from it, then it ends at the same bits",
    async (family) => {
      const [whole, resumed] = [await openSmall(family), await openSmall(family, { seed: 99 })];
      await trainSmall(whole, family, 5);
      const saved = whole.snapshot();
      const rest = await trainSmall(whole, family, 6);
      resumed.restore(saved);
      expect(await trainSmall(resumed, family, 6)).toEqual(rest);
      expect(resumed.snapshot()).toEqual(whole.snapshot());
      expect(saved.steps).toBe(5);
      for (const trainer of [whole, resumed]) await trainer.release();
    },
  );

  test.each(families)("given one batch again and again, when %s trains on it, then its loss falls", async (family) => {
    const trainer = await openSmall(family);
    const x = smallMatrices(SMALL_BATCH, 1);
    const chosen = Int32Array.from({ length: SMALL_BATCH }, (_, i) => i % 3);
    const rewards = Float32Array.from(chosen, (action) => action - 1);
    const done = new Float32Array(SMALL_BATCH).fill(1);
    const step = (): Promise<number> =>
      family === "dqn" ? trainer.replay({ states: x, actions: chosen, rewards, nextStates: x, done }) : trainer.step(x, chosen);
    const first = await step();
    for (let i = 0; i < 60; i++) await step();
    expect(await step()).toBeLessThan(first / 3);
    await trainer.release();
  });

  test("given a step, when probabilities are asked for, then weights stay, rows add up to 1 and any number of rows is taken", async () => {
    const trainer = await openSmall("cnn");
    await trainSmall(trainer, "cnn", 2);
    const hash = trainer.weightsHash();
    for (const rows of [0, 1, 3, 1500]) {
      const probabilities = await trainer.outputs(smallMatrices(rows, 4), rows);
      for (let row = 0; row < rows; row++)
        expect(probabilities[row * 3]! + probabilities[row * 3 + 1]! + probabilities[row * 3 + 2]!).toBeCloseTo(1, 5);
    }
    expect(trainer.weightsHash()).toBe(hash);
    await trainer.release();
  });

  test("given a rate of 0 for a step, when it is made, then the weights stay as they are", async () => {
    const trainer = await openSmall("cnn");
    const hash = trainer.weightsHash();
    await trainer.step(smallMatrices(SMALL_BATCH, 2), labels, 0);
    expect(trainer.weightsHash()).toBe(hash);
    await trainer.release();
  });

  test("given a double DQN whose target net lags, when the target is synchronised, then the loss of the same batch changes", async () => {
    const losses = [];
    for (const sync of [false, true]) {
      const trainer = await openSmall("dqn");
      await trainSmall(trainer, "dqn", 2);
      if (sync) trainer.syncTarget();
      losses.push((await trainSmall(trainer, "dqn", 1))[0]);
      await trainer.release();
    }
    expect(losses[0]).not.toBe(losses[1]);
  });

  test("given inputs that are not finite, when a step is made, then it fails by name and the weights stay", async () => {
    const trainer = await openSmall("cnn");
    const hash = trainer.weightsHash();
    const x = smallMatrices(SMALL_BATCH, 2).fill(NaN, 0, 10);
    await expect(trainer.step(x, labels)).rejects.toMatchObject({ code: "TRAINING_DIVERGED" });
    expect(trainer.weightsHash()).toBe(hash);
    expect(trainer.steps).toBe(0);
    await trainer.release();
  });

  test("given inputs of the wrong shape, when a step is made, then the failure shows what came and what is wanted", async () => {
    const trainer = await openSmall("cnn");
    const x = smallMatrices(SMALL_BATCH, 2);
    await expect(trainer.step(x.subarray(1), labels)).rejects.toMatchObject({
      code: "TRAINER_INPUT",
      message: expect.stringContaining("1151"),
    });
    await expect(trainer.step(x, labels.subarray(1))).rejects.toMatchObject({
      code: "TRAINER_INPUT",
      message: expect.stringContaining("15"),
    });
    await expect(trainer.step(x, labels.with(3, 3))).rejects.toMatchObject({
      code: "TRAINER_INPUT",
      message: expect.stringContaining("labels[3] is 3"),
    });
    await expect(trainer.outputs(x, 2)).rejects.toMatchObject({ code: "TRAINER_INPUT" });
    const done = new Float32Array(SMALL_BATCH);
    await expect(trainer.replay({ states: x, actions: labels, rewards: done, nextStates: x, done })).rejects.toMatchObject({
      code: "TRAINER_INPUT",
    });
    await trainer.release();
  });

  test("given a snapshot of another net, when it is restored, then it is refused and the weights stay", async () => {
    const [small, large] = [await openSmall("cnn"), await openSmall("cnn", { settings: { first_filters: 40 } })];
    const hash = small.weightsHash();
    expect(() => small.restore(large.snapshot())).toThrow(expect.objectContaining({ code: "TRAINER_SNAPSHOT" }));
    expect(small.weightsHash()).toBe(hash);
    for (const trainer of [small, large]) await trainer.release();
  });

  test("given a step that has not ended, when another begins, then it is refused", async () => {
    const trainer = await openSmall("cnn");
    const x = smallMatrices(SMALL_BATCH, 2);
    const first = trainer.step(x, labels);
    await expect(trainer.step(x, labels)).rejects.toMatchObject({ code: "TRAINER_BUSY" });
    await first;
    await trainer.release();
  });

  test.each([
    [{ family: "rnn" as NetFamilyName }, "NET_FAMILY", families.join(", ")],
    [{ settings: { filters: 3 } }, "NET_SETTING", "first_filters"],
    [{ settings: { first_filters: 0 } }, "NET_SETTING", "1 to 512"],
    [{ family: "transformer", settings: { heads: 3 } }, "NET_SETTING", "multiple of heads"],
    [{ batch: 0 }, "TRAINER_OPTIONS", "batch is 0"],
    [{ optimiser: { learningRate: -1 } }, "TRAINER_OPTIONS", "learningRate is -1"],
    [{ labels: ["up"] }, "TRAINER_OPTIONS", "two labels"],
    [{ normaliser: { mean: new Float32Array(5), deviation: new Float32Array(5) } }, "NORMALISER", "6 numbers"],
    [{ normaliser: { ...smallNormaliser, mean: new Float32Array(6).fill(NaN) } }, "NORMALISER", "finite"],
  ] as const)("given the options %j, when a trainer is opened, then it fails with %s", async (more, code, text) => {
    const options = { family: "cnn", shape: smallShape, labels: SMALL_LABELS, normaliser: smallNormaliser, batch: 4, seed: 1 } as const;
    await expect(openNetTrainer({ ...options, optimiser: { learningRate: 0.01 }, ...more })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
  });
});

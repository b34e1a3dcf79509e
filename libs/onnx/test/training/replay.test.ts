import { describe, expect, test } from "vitest";
import { createPrng } from "@tradewind/core";
import { openSmall, SMALL_BATCH, smallMatrices, trainSmall } from "../support/small-task.ts";

const DISCOUNT = 0.8;
const prng = createPrng(21);
const transitions = {
  states: smallMatrices(SMALL_BATCH, 31),
  actions: Int32Array.from({ length: SMALL_BATCH }, () => prng.below(3)),
  rewards: Float32Array.from({ length: SMALL_BATCH }, () => prng.normal() * 2),
  nextStates: smallMatrices(SMALL_BATCH, 32),
  done: Float32Array.from({ length: SMALL_BATCH }, (_, i) => (i % 4 === 0 ? 1 : 0)),
};

const huber = (error: number): number => (Math.abs(error) < 1 ? (error * error) / 2 : Math.abs(error) - 0.5);

describe("a step of double DQN", () => {
  test("given a target net that lags, when a batch is replayed, then the loss is that of the definition", async () => {
    const [trainer, target] = [await openSmall("dqn", { discount: DISCOUNT }), await openSmall("dqn")];
    // trainSmall synchronises after its third step, so two more leave the target net behind.
    await trainSmall(trainer, "dqn", 5);
    target.restore({ ...trainer.snapshot(), theta: trainer.snapshot().target! });
    const { states, actions, rewards, nextStates, done } = transitions;
    const given = await trainer.outputs(states, SMALL_BATCH);
    const chosen = await trainer.outputs(nextStates, SMALL_BATCH);
    const future = await target.outputs(nextStates, SMALL_BATCH);
    let wanted = 0;
    let choicesDiffer = 0;
    for (let row = 0; row < SMALL_BATCH; row++) {
      const bestOf = (values: Float32Array): number => {
        const own = values.subarray(row * 3, row * 3 + 3);
        return own.indexOf(Math.max(...own));
      };
      if (bestOf(chosen) !== bestOf(future)) choicesDiffer++;
      const value = rewards[row]! + DISCOUNT * (1 - done[row]!) * future[row * 3 + bestOf(chosen)]!;
      wanted += huber(given[row * 3 + actions[row]!]! - value) / SMALL_BATCH;
    }
    expect(choicesDiffer, "rows in which the two nets choose differently").toBeGreaterThan(0);
    expect(await trainer.replay(transitions)).toBeCloseTo(wanted, 5);
    for (const each of [trainer, target]) await each.release();
  });

  test("given episodes that have ended, when they are replayed with other next states, then the weights come out the same", async () => {
    const hashes = [];
    for (const seed of [40, 41]) {
      const trainer = await openSmall("dqn");
      const done = new Float32Array(SMALL_BATCH).fill(1);
      await trainer.replay({ ...transitions, done, nextStates: smallMatrices(SMALL_BATCH, seed) });
      hashes.push(trainer.weightsHash());
      await trainer.release();
    }
    expect(hashes[0]).toBe(hashes[1]);
  });
});

import { createPrng, type MatrixPlan } from "@tradewind/core";
import { openNetTrainer, type InputShape, type NetFamilyName, type NetTrainer, type NetTrainerOptions } from "../../src/index.ts";

/** Two timeframes of twelve rows with three features: small, and with every axis of a length of its own. */
export const smallShape: InputShape = { timeframes: 2, window: 12, features: 3 };
export const smallMatrix: MatrixPlan = {
  timeframes: ["1m", "5m"],
  window: 12,
  features: [{ name: "log_return" }, { name: "body" }, { name: "range_atr" }],
};
export const SMALL_LABELS = ["down", "flat", "up"] as const;
export const SMALL_BATCH = 16;
const ROW_SIZE = 2 * 12 * 3;
const SCALES = [1, 100, 1e6, 0.01, 5, 1];

export const smallNormaliser = {
  mean: Float32Array.from(SCALES, (scale) => scale / 2),
  deviation: Float32Array.from(SCALES),
};

/** Raw matrices whose numbers have the scales of the normaliser. */
export function smallMatrices(rows: number, seed: number): Float32Array {
  const prng = createPrng(seed);
  return Float32Array.from({ length: rows * ROW_SIZE }, (_, i) => {
    const timeframe = Math.floor(i / 36) % 2;
    const scale = SCALES[timeframe * 3 + (i % 3)]!;
    return scale / 2 + scale * prng.normal();
  });
}

export function openSmall(family: NetFamilyName, more: Partial<NetTrainerOptions> = {}): Promise<NetTrainer> {
  return openNetTrainer({
    family,
    shape: smallShape,
    labels: SMALL_LABELS,
    normaliser: smallNormaliser,
    batch: SMALL_BATCH,
    seed: 7,
    optimiser: { learningRate: 1e-2 },
    objective: family === "dqn" ? "q_values" : "classes",
    ...more,
  });
}

/** Trains `steps` steps on batches that follow from the trainer's count of steps alone. */
export async function trainSmall(trainer: NetTrainer, family: NetFamilyName, steps: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const seed = trainer.steps;
    const prng = createPrng(seed + 1000);
    const x = smallMatrices(SMALL_BATCH, seed);
    const chosen = Int32Array.from({ length: SMALL_BATCH }, () => prng.below(3));
    if (family !== "dqn") {
      losses.push(await trainer.step(x, chosen));
      continue;
    }
    const rewards = Float32Array.from({ length: SMALL_BATCH }, () => prng.normal());
    const done = Float32Array.from({ length: SMALL_BATCH }, () => prng.below(2));
    losses.push(await trainer.replay({ states: x, actions: chosen, rewards, nextStates: smallMatrices(SMALL_BATCH, seed + 500), done }));
    if (seed % 3 === 2) trainer.syncTarget();
  }
  return losses;
}

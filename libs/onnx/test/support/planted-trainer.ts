import { openNetTrainer, parametersOf, netFamilies, type NetTrainer, type NetTrainerOptions } from "../../src/index.ts";
import {
  PLANTED_LABELS,
  plantedNormaliser,
  plantedRandom,
  plantedShape,
  plantedWindows,
  shuffled,
  type Planted,
  type PlantedRandom,
} from "./planted.ts";

export const PLANTED_BATCH = 256;
export const PLANTED_ROWS = 100_000;
const RATE = 1e-3;
const ROW_SIZE = 160;
type Classifier = "cnn" | "lstm" | "transformer";

let training: Planted | undefined;
let validation: Planted | undefined;

/** 100 000 windows to train on, made once. */
export function plantedTraining(): Planted {
  return (training ??= plantedWindows(PLANTED_ROWS, 11));
}

export function plantedValidation(): Planted {
  return (validation ??= plantedWindows(5_120, 12));
}

export function plantedOptions(family: Classifier, more: Partial<NetTrainerOptions> = {}): NetTrainerOptions {
  const normaliser = plantedNormaliser(plantedTraining().x);
  const optimiser = { learningRate: RATE };
  return { family, shape: plantedShape, labels: PLANTED_LABELS, normaliser, batch: PLANTED_BATCH, seed: 1, optimiser, ...more };
}

/** The weights that the known figures began with: the families' own initial numbers from the figures' stream of random ones. */
export function plantedWeights(family: Classifier, seed: number): Float32Array {
  const random = plantedRandom(seed);
  const prng = { next: random.uniform, normal: random.normal } as Parameters<ReturnType<typeof parametersOf>[number]["initial"]>[0];
  const parts = parametersOf(netFamilies[family], plantedShape, PLANTED_LABELS.length).map(({ name, shape, initial }) => {
    const numbers = initial(
      prng,
      shape.reduce((product, length) => product * length, 1),
    );
    return name.startsWith("memory.") && shape.length === 2 ? gatesReordered(numbers, shape[1]!) : numbers;
  });
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** The figures' gates are input, forget, cell, output; ours stand as ONNX has them: input, output, forget, cell. */
function gatesReordered(weight: Float32Array, columns: number): Float32Array {
  const hidden = columns / 4;
  const theirs = [0, 3, 1, 2];
  return weight.map((_, i) => {
    const [row, gate, unit] = [Math.floor(i / columns), Math.floor((i % columns) / hidden), i % hidden];
    return weight[row * columns + theirs[gate]! * hidden + unit]!;
  });
}

/** A trainer of the planted task that begins as the known figures did. */
export async function openPlanted(family: Classifier): Promise<NetTrainer> {
  const trainer = await openNetTrainer(plantedOptions(family));
  const theta = plantedWeights(family, 1);
  trainer.restore({ theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 });
  return trainer;
}

/** Losses of one pass over the first `rows` of a shuffled order, step by step; the rest of a batch is dropped. */
export async function trainEpoch(trainer: NetTrainer, random: PlantedRandom, rows = PLANTED_ROWS): Promise<number[]> {
  const { x, labels } = plantedTraining();
  const order = shuffled(PLANTED_ROWS, random);
  const losses: number[] = [];
  const batchX = new Float32Array(PLANTED_BATCH * ROW_SIZE);
  const batchLabels = new Int32Array(PLANTED_BATCH);
  for (let start = 0; start + PLANTED_BATCH <= rows; start += PLANTED_BATCH) {
    for (let i = 0; i < PLANTED_BATCH; i++) {
      const row = order[start + i]!;
      batchX.set(x.subarray(row * ROW_SIZE, (row + 1) * ROW_SIZE), i * ROW_SIZE);
      batchLabels[i] = labels[row]!;
    }
    losses.push(await trainer.step(batchX, batchLabels));
  }
  return losses;
}

/** Share of the validation windows whose largest probability is that of their label. */
export async function accuracyOf(trainer: NetTrainer): Promise<number> {
  const { x, labels, rows } = plantedValidation();
  const probabilities = await trainer.outputs(x, rows);
  const classes = PLANTED_LABELS.length;
  let right = 0;
  for (let row = 0; row < rows; row++) {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    if (own.indexOf(Math.max(...own)) === labels[row]) right++;
  }
  return right / rows;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

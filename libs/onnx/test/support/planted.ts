import { createPrng } from "@tradewind/core";
import type { InputShape, Normaliser } from "../../src/index.ts";

export const plantedShape: InputShape = { timeframes: 1, window: 20, features: 8 };
export const PLANTED_LABELS = ["up", "down", "flat"] as const;
const ROW_SIZE = 160;
const CHANNELS = 8;
const MOTIF_STEPS = 8;

/** Of price, volume and oscillators: raw scales differ by eight powers of ten. */
const RAW_MEAN = [100, 101, 99, 100, 1e6, 50, 0, 0.5];
const RAW_DEVIATION = [5, 5, 5, 5, 2e5, 15, 0.01, 0.1];

export interface Planted {
  readonly x: Float32Array;
  readonly labels: Int32Array;
  readonly rows: number;
}

export interface PlantedRandom {
  uniform(): number;
  below(bound: number): number;
  normal(): number;
}

/** The stream of numbers that the known figures were made with: mulberry32, normals by Marsaglia's polar method in pairs. */
export function plantedRandom(seed: number): PlantedRandom {
  const prng = createPrng(seed);
  let spare: number | undefined;
  return {
    uniform: () => prng.next(),
    below: (bound) => prng.below(bound),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      let a: number;
      let b: number;
      let square: number;
      do {
        a = 2 * prng.next() - 1;
        b = 2 * prng.next() - 1;
        square = a * a + b * b;
      } while (square >= 1 || square === 0);
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = b * factor;
      return a * factor;
    },
  };
}

/**
 * Windows of noise with a motif of eight steps somewhere: rising or falling in the first three channels, or alternating
 * in channels 2 to 4. The label says which.
 */
export function plantedWindows(rows: number, seed: number): Planted {
  const random = plantedRandom(seed);
  const x = new Float32Array(rows * ROW_SIZE);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = random.below(3);
    labels[row] = label;
    const slope = 0.6 + 0.5 * random.uniform();
    const start = random.below(plantedShape.window - MOTIF_STEPS);
    random.uniform();
    for (let step = 0; step < plantedShape.window; step++)
      for (let channel = 0; channel < CHANNELS; channel++) {
        const value = random.normal() + motif(label, channel, step - start, slope);
        x[row * ROW_SIZE + step * CHANNELS + channel] = RAW_MEAN[channel]! + RAW_DEVIATION[channel]! * value;
      }
  }
  return { x, labels, rows };
}

function motif(label: number, channel: number, step: number, slope: number): number {
  if (step < 0 || step >= MOTIF_STEPS) return 0;
  const ramp = slope * 2 * ((step - 3.5) / 3.5);
  if (label === 0) return channel < 3 ? ramp : 0;
  if (label === 1) return channel < 3 ? -ramp : 0;
  return channel >= 2 && channel < 5 ? slope * 1.6 * (step % 2 === 1 ? 1 : -1) : 0;
}

export function plantedNormaliser(x: Float32Array): Normaliser {
  const steps = x.length / CHANNELS;
  const mean = new Float64Array(CHANNELS);
  const square = new Float64Array(CHANNELS);
  for (let i = 0; i < x.length; i++) mean[i % CHANNELS]! += x[i]!;
  for (let channel = 0; channel < CHANNELS; channel++) mean[channel]! /= steps;
  for (let i = 0; i < x.length; i++) square[i % CHANNELS]! += (x[i]! - mean[i % CHANNELS]!) ** 2;
  return { mean: Float32Array.from(mean), deviation: Float32Array.from(square, (sum) => Math.sqrt(sum / steps)) };
}

/** An order of rows for one epoch (Fisher and Yates). */
export function shuffled(rows: number, random: PlantedRandom): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  for (let i = rows - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

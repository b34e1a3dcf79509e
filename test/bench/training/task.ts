import { createPrng } from "@tradewind/core";
import { netFamilies, parametersOf, type InputShape, type ParameterSpec } from "@tradewind/onnx";

/** Sizes of both sides: the families' defaults over twenty steps of eight features. */
export const shape: InputShape = { timeframes: 1, window: 20, features: 8 };
export const BATCH = 256;
export const CLASSES = 3;
export const RATE = 1e-3;
export const LABELS = ["down", "flat", "up"] as const;

export const nets = ["cnn", "lstm"] as const;
export type NetName = (typeof nets)[number];

export interface Batch {
  readonly x: Float32Array;
  readonly labels: Int32Array;
}

/** Batches of seeded noise; speed does not depend on what is in them, and equal losses show that both sides do the same. */
export function seededBatches(count: number): Batch[] {
  const prng = createPrng(17);
  const rowSize = shape.window * shape.features;
  return Array.from({ length: count }, () => {
    const labels = Int32Array.from({ length: BATCH }, () => prng.below(CLASSES));
    const x = Float32Array.from({ length: BATCH * rowSize }, (_, i) => prng.normal() + (labels[Math.floor(i / rowSize)]! - 1) * 0.1);
    return { x, labels };
  });
}

export interface InitialParameter extends Pick<ParameterSpec, "name" | "shape"> {
  readonly values: Float32Array;
}

/** The weights that both sides start from. */
export function initialParametersOf(net: NetName): InitialParameter[] {
  const prng = createPrng(1);
  return parametersOf(netFamilies[net], shape, CLASSES).map(({ name, shape: lengths, initial }) => ({
    name,
    shape: lengths,
    values: initial(
      prng,
      lengths.reduce((product, length) => product * length, 1),
    ),
  }));
}

/** A library that trains a net: one step gives the mean loss before it. */
export interface Side {
  step(batch: Batch): Promise<number>;
}

import type { Normaliser } from "@tradewind/core";
import type { ModelAbout } from "../about.ts";
import type { InputShape, Objective } from "../families/family.ts";
import type { NetFamilyName } from "../families/registry.ts";

export type { Normaliser };

export interface OptimiserOptions {
  readonly learningRate: number;
  /** Share of each weight that a step at rate 1 takes away, as in AdamW; 0 is Adam. Biases and gains keep theirs. */
  readonly weightDecay?: number;
  /** Gradients longer than this, all parameters taken together, are shortened to it; 0 leaves them as they are. */
  readonly clipNorm?: number;
}

export interface NetTrainerOptions {
  readonly family: NetFamilyName;
  /** Sizes that differ from the family's defaults. */
  readonly settings?: Readonly<Record<string, number>>;
  readonly shape: InputShape;
  /** Classes in the order of the outputs; for `q_values` the actions. */
  readonly labels: readonly string[];
  readonly normaliser: Normaliser;
  /** Rows per step. */
  readonly batch: number;
  /** Equal seeds and equal steps give equal weights, bit for bit, on one machine. */
  readonly seed: number;
  readonly optimiser: OptimiserOptions;
  /** The family's own when left out. */
  readonly objective?: Objective;
  /** Of `q_values`: what a reward one step later is worth, 0..1. */
  readonly discount?: number;
}

/** One batch of transitions; states are raw matrices, [batch * row size]. */
export interface ReplayBatch {
  readonly states: Float32Array;
  readonly actions: Int32Array;
  readonly rewards: Float32Array;
  readonly nextStates: Float32Array;
  /** 1 where the episode ended with this step, else 0. */
  readonly done: Float32Array;
}

/** Everything that the next step depends on. Restored, training goes on bit for bit. */
export interface TrainerSnapshot {
  readonly theta: Float32Array;
  /** Adam's first and second moments. */
  readonly m: Float32Array;
  readonly v: Float32Array;
  readonly steps: number;
  /** Of `q_values`: weights of the target net. */
  readonly target?: Float32Array;
}

/** What an exported file says of itself, and how it is written. */
export interface ExportAbout extends ModelAbout {
  /** `fp16` halves the file: weights and arithmetic in float16 after the normalisation, cast back before the softmax. */
  readonly precision?: "fp32" | "fp16";
  /** Of `q_values`: Q-values are divided by it before the softmax, so a lower one gives surer probabilities; 1 by default. */
  readonly temperature?: number;
}

/** A net in training, in this thread: the runtime blocks while it works, so services train in workers. */
export interface NetTrainer {
  readonly parameterCount: number;
  readonly rowSize: number;
  /** Steps made so far. */
  readonly steps: number;
  /**
   * One step of `classes` on raw matrices [batch * row size] and one label per row. Gives the mean loss before the step.
   * Throws `TRAINER_INPUT` for wrong lengths or labels, `TRAINING_DIVERGED` when the loss is not finite (weights stay).
   */
  step(x: Float32Array, labels: Int32Array, rate?: number): Promise<number>;
  /** One step of `q_values`; as `step`. */
  replay(batch: ReplayBatch, rate?: number): Promise<number>;
  /** Of `q_values`: the target net takes over the present weights. */
  syncTarget(): void;
  /** Probabilities (`classes`) or Q-values (`q_values`) of raw matrices, [rows * labels]. */
  outputs(x: Float32Array, rows: number): Promise<Float32Array>;
  /** SHA-256 of the weights' bytes, hex. */
  weightsHash(): string;
  snapshot(): TrainerSnapshot;
  /** Throws `TRAINER_SNAPSHOT` when it is of another net. */
  restore(state: TrainerSnapshot): void;
  /** A file that takes raw matrices [batch, timeframes, window, features] and gives `probabilities` [batch, labels]. */
  export(about: ExportAbout): Uint8Array<ArrayBuffer>;
  release(): Promise<void>;
}

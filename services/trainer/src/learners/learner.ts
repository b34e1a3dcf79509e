import type { CandleColumns, Dataset, Instrument, MatrixPlan } from "@tradewind/core";
import type { Golden } from "@tradewind/onnx";
import type { CardCaution } from "../card/model.ts";
import type { Experience } from "../rl/experience.ts";

/** What a learner learns from. Row numbers are of `dataset`, in time order. */
export interface Lesson {
  readonly dataset: Dataset;
  /** The candles its rows were made of, of the plan's finest timeframe: for families that act in a market. */
  readonly columns: CandleColumns;
  readonly instrument: Instrument;
  /** Rows it learns from. Nothing else may move a weight or a statistic. */
  readonly train: Int32Array;
  /** Later rows by which it may stop early and set weights of members; empty trains to the end. */
  readonly validation: Int32Array;
}

export interface Setting {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Whole numbers only. */
  readonly whole?: true;
  readonly doc: string;
}
export type SettingSpecs = Readonly<Record<string, Setting>>;
export type Settings = Readonly<Record<string, number>>;

/** A model file that was read. */
export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A trained model file, or the family of one to be trained first, as part of a larger model. */
export type Member =
  | ({ readonly kind: "file" } & NamedFile)
  | { readonly kind: "family"; readonly name: string; readonly settings: Settings };

export interface LearnerOptions {
  /** Complete and checked. */
  readonly settings: Settings;
  readonly seed: number;
  /** Of families made of others; empty for the rest. */
  readonly members: readonly Member[];
  /** Of paper runs, for families that learn from what was done. */
  readonly experience?: Experience | undefined;
}

/** How far a fit is. Losses are means: of the samples since the last call, of all validation rows. */
export interface FitProgress {
  /** What it is at: `epoch 3 of 8`. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly loss?: number;
  readonly validationLoss?: number;
  /** Share of validation rows that it has right. */
  readonly accuracy?: number;
}

/**
 * Called after each step. The learner stands between two steps then: `snapshot` may be called, and what this rejects
 * with ends the fit.
 */
export type Tell = (progress: FitProgress) => Promise<void>;

/** One line of the learning curve. */
export interface CurvePoint {
  /** Epochs, rounds or episodes done. */
  readonly step: number;
  readonly loss: number;
  readonly validationLoss?: number;
}

export interface FitSummary {
  /** What `step` of the curve counts: epoch, round, episode. */
  readonly unit: string;
  readonly curve: readonly CurvePoint[];
  /** Where training stopped early, or the best was kept; one line each, for people. */
  readonly notices: readonly string[];
  /** What whoever uses the model must know of it. */
  readonly cautions?: readonly CardCaution[];
  /** What the losses of the curve are: "cross entropy (nats)". */
  readonly objective: string;
  /** Index into the curve of the step whose weights were kept; null where that is not a step. */
  readonly kept: number | null;
  /** Learned numbers. */
  readonly parameters: number | null;
}

/** What goes into the exported file beside the weights. */
export interface About {
  readonly matrix: MatrixPlan;
  /** What the file calls itself. */
  readonly version: string;
  readonly notes: Readonly<Record<string, string>>;
  /** Market time, ms. */
  readonly expiresAt?: number;
  readonly golden?: Golden;
}

/**
 * A model in the making. Everything it becomes is a function of (lesson, options): no clock, no randomness but the
 * seed's. Learners are never shared between two lessons.
 */
export interface Learner {
  /** Trains from where it stands, which is the beginning or what `restore` was given, to the end. */
  fit(tell: Tell): Promise<FitSummary>;
  /** Class probabilities of raw matrices, [rows x directionLabels]. */
  probabilities(matrices: Float32Array, rows: number): Promise<Float32Array>;
  /** SHA-256 in hex of everything that was learnt. */
  weightsHash(): string;
  /** Weights, optimiser and position, of values that structured clone takes; later steps do not change it. */
  snapshot(): unknown;
  /** Takes a snapshot of a learner of the same lesson and options; `fit` then goes on as if never interrupted. */
  restore(saved: unknown): Promise<void>;
  /** The .onnx file: raw matrices in, `probabilities` out. Equal calls give equal bytes. */
  export(about: About): Promise<Uint8Array>;
  release(): Promise<void>;
}

/** A kind of model that can be trained: one file and a line in the registry. */
export interface LearnerFamily {
  readonly name: string;
  readonly doc: string;
  readonly settings: SettingSpecs;
  /** The setting that `--epochs` stands for; of composed families that of each member to be trained. */
  readonly lengthSetting?: string;
  /** True for families made of others: they take `members`. */
  readonly composed?: true;
  /** True for families that learn from transitions of paper runs too. */
  readonly takesExperience?: true;
  open(lesson: Lesson, options: LearnerOptions): Promise<Learner>;
}

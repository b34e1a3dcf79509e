import { Failure, rowsBefore } from "@tradewind/core";
import type { FitProgress, FitSummary, Learner, Lesson } from "../learners/learner.ts";
import { findFamily } from "../learners/registry.ts";
import { inChunks } from "../learners/rows.ts";
import { dropForgotten, openCheckpoint, type CheckpointFile } from "./checkpoint.ts";
import type { Prepared } from "./prepare.ts";

/** How far a training is. Losses as in `FitProgress`. */
export interface TrainingProgress extends FitProgress {
  /** 0..1 of the whole. */
  readonly share: number;
}

export interface TrainingHooks {
  /** Called some times a second at most. */
  readonly tell: (progress: TrainingProgress) => void;
  /** Aborting saves a checkpoint and ends the training with `TRAINING_STOPPED`. */
  readonly signal: AbortSignal;
  /** Folder of checkpoints. */
  readonly dir: string;
  readonly checkpointEveryMs: number;
  /** Begins anew whatever is there. */
  readonly fresh: boolean;
}

/** What a fold's model said of the rows after those it had learnt from. */
export interface FoldResult {
  readonly rows: Int32Array;
  readonly train: Int32Array;
  /** [rows x directionLabels]. */
  readonly probabilities: Float32Array;
  readonly weightsHash: string;
}

export interface Trained {
  readonly folds: readonly FoldResult[];
  /** Of the last fold, whose model is the one that is kept; still open. */
  readonly learner: Learner;
  readonly summary: FitSummary;
  readonly checkpoint: CheckpointFile;
  /** Share of the work that a checkpoint spared. */
  readonly resumedFrom: number | undefined;
}

interface State {
  readonly done: readonly FoldResult[];
  /** Of the fold after those; undefined at its beginning. */
  readonly learner: unknown;
  readonly share: number;
}

/** Share of a fold's training rows, the last ones, by which a learner stops early. */
const VALIDATION_SHARE = 0.15;
/** Between two looks at signals and progress; the runtime blocks meanwhile. */
const BREATH_MS = 50;

/**
 * Walks forward: each fold's model learns from the rows before it and is judged by its own; the last fold's is the one
 * that is kept, so the last rows are held out of it. Goes on from the checkpoint of the same training where one is.
 */
export async function train(prepared: Prepared, hooks: TrainingHooks): Promise<Trained> {
  const { folds, key } = prepared;
  dropForgotten(hooks.dir);
  const checkpoint = openCheckpoint(hooks.dir, key);
  if (hooks.fresh) checkpoint.remove();
  const saved = checkpoint.read() as State | undefined;
  const done: FoldResult[] = [...(saved?.done ?? [])];
  const sizes = folds.map((fold) => fold.train.length);
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  const before = (fold: number): number => sizes.slice(0, fold).reduce((sum, size) => sum + size, 0) / whole;
  let snapshot = saved?.learner;
  for (let i = done.length; ; i++) {
    const learner = await openLearner(prepared, i);
    let kept = false;
    try {
      if (snapshot !== undefined) await learner.restore(snapshot);
      snapshot = undefined;
      const breathe = breather(hooks, (progress) => ({
        ...progress,
        phase: folds.length === 1 ? progress.phase : `fold ${i + 1} of ${folds.length}, ${progress.phase}`,
        share: before(i) + (sizes[i]! / whole) * (progress.done / progress.total),
      }));
      const save = (share: number): void => checkpoint.save({ done, learner: learner.snapshot(), share } satisfies State);
      const summary = await learner.fit((progress) => breathe(progress, save));
      const { train: rows, validation } = folds[i]!;
      const probabilities = await inChunks(prepared.dataset, validation, (x, count) => learner.probabilities(x, count));
      done.push({ rows: validation, train: rows, probabilities, weightsHash: learner.weightsHash() });
      if (i === folds.length - 1) {
        kept = true;
        return { folds: done, learner, summary, checkpoint, resumedFrom: saved?.share };
      }
      checkpoint.save({ done, learner: undefined, share: before(i + 1) } satisfies State);
    } finally {
      if (!kept) await learner.release();
    }
  }
}

/** The learner of a fold; the last of its training rows are for stopping early, those whose labels reach into them for nothing. */
function openLearner({ training, dataset, columns, folds, members }: Prepared, i: number): Promise<Learner> {
  const { train: rows } = folds[i]!;
  const { instrument, settings, seed } = training;
  const later = rows.subarray(rows.length - Math.floor(rows.length * VALIDATION_SHARE));
  const earlier = later.length === 0 ? rows : rowsBefore(dataset, later, 0);
  const some = earlier.length > 0 ? { train: earlier, validation: later } : { train: rows, validation: rows.subarray(rows.length) };
  const lesson: Lesson = { dataset, columns, instrument, ...some };
  return findFamily(training.family).open(lesson, { settings, seed, members, experience: training.experience });
}

type Breathe = (progress: FitProgress, save: (share: number) => void) => Promise<void>;

/** Between steps, now and then: lets signals in, tells how far it is, saves a checkpoint. */
function breather({ tell, signal, checkpointEveryMs }: TrainingHooks, whole: (progress: FitProgress) => TrainingProgress): Breathe {
  let breathedAt = performance.now();
  let savedAt = breathedAt;
  let [lossSum, losses] = [0, 0];
  return async (progress, save) => {
    if (progress.loss !== undefined) [lossSum, losses] = [lossSum + progress.loss, losses + 1];
    const now = performance.now();
    const over = progress.done === progress.total;
    if (now - breathedAt < BREATH_MS && now - savedAt < checkpointEveryMs && !over) return;
    breathedAt = now;
    const told = whole({ ...progress, ...(losses > 0 && { loss: lossSum / losses }) });
    [lossSum, losses] = [0, 0];
    tell(told);
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) {
      save(told.share);
      throw new Failure(
        "retry",
        "TRAINING_STOPPED",
        `stopped at ${Math.floor(100 * told.share)} %, a checkpoint is kept; the same command goes on from it`,
      );
    }
    if (now - savedAt < checkpointEveryMs) return;
    save(told.share);
    savedAt = performance.now();
  };
}

import { createHash } from "node:crypto";
import { inputFailure } from "@tradewind/core";
import type { ModelAbout } from "../about.ts";
import { checkFinite } from "./bins.ts";
import { treeEnsembleModel } from "./export.ts";
import { roundGrower } from "./round.ts";
import { addRound, baseScores, firstScores, logLoss, softmaxRows } from "./scores.ts";
import { completeGbdtSettings } from "./settings.ts";
import type { Tree } from "./tree.ts";

/** Rows with their classes. */
export interface LabelledRows {
  /** [rows x width], row-major. */
  readonly x: Float32Array;
  readonly rows: number;
  /** Number of the class of each row. */
  readonly labels: Int32Array;
}

export interface GbdtOptions extends LabelledRows {
  /** Numbers of a row. */
  readonly width: number;
  /** Names of the classes, in the order of the outputs. */
  readonly classes: readonly string[];
  /** Of `gbdtSettings`; absent ones take their default. */
  readonly settings?: Readonly<Record<string, number>>;
  readonly seed: number;
  /** Later rows; training stops when they are no longer predicted better, and the best round is kept. */
  readonly validation?: LabelledRows;
}

/** How one round went: mean log losses after it. */
export interface GbdtRound {
  /** From 1. */
  readonly round: number;
  readonly loss: number;
  readonly validationLoss?: number;
}

/** Everything needed to go on; plain numbers, so that JSON keeps it exactly. */
export interface GbdtSnapshot {
  readonly trees: readonly (readonly Tree[])[];
  readonly history: readonly GbdtRound[];
}

/** Boosted trees in the making; between any two rounds they are a whole model. */
export interface Gbdt {
  readonly history: readonly GbdtRound[];
  /** Rounds that count: up to the best one where there is a validation part, else all. */
  readonly rounds: number;
  /** True once all rounds are made, or the validation part has not been predicted better for long enough. */
  readonly done: boolean;
  /** Adds a tree per class. */
  round(): GbdtRound;
  /** [rows x classes] of `x`, [rows x width]. Throws `GBDT_INPUT` for what is not finite. */
  probabilities(x: Float32Array, rows: number): Float32Array;
  /** SHA-256 in hex over all trees that count. */
  weightsHash(): string;
  snapshot(): GbdtSnapshot;
  /** Takes a snapshot of a training with the same options; the next rounds are then those it would have made. Throws `GBDT_SNAPSHOT`. */
  restore(saved: GbdtSnapshot): void;
  /** The .onnx file, [batch, timeframes, window, features] in, `probabilities` out. Equal calls give equal bytes. */
  export(about: ModelAbout): Uint8Array<ArrayBuffer>;
}

/**
 * Gradient boosted trees for classes: softmax, second-order gradients, leaf-wise growth over histograms. Equal options
 * give equal trees. Throws `GBDT_INPUT` and `GBDT_SETTING`.
 */
export function openGbdt(options: GbdtOptions): Gbdt {
  const { x, rows, width, labels, classes, validation } = options;
  const settings = completeGbdtSettings(options.settings);
  checkRows(options, options, "training");
  if (validation !== undefined) checkRows(options, validation, "validation");

  const base = baseScores(labels, classes.length);
  const grow = roundGrower(options, settings);
  const trees: Tree[][] = [];
  const history: GbdtRound[] = [];
  const scores = firstScores(base, rows);
  const probabilities = softmaxRows(scores, classes.length, new Float32Array(rows * classes.length));
  const later = validation && {
    ...validation,
    scores: firstScores(base, validation.rows),
    probabilities: new Float32Array(validation.rows * classes.length),
  };

  function take(added: Tree[]): GbdtRound {
    trees.push(added);
    addRound(scores, added, x, width);
    softmaxRows(scores, classes.length, probabilities);
    const report = { round: trees.length, loss: logLoss(probabilities, labels, classes.length) };
    if (later === undefined) return keep(report);
    addRound(later.scores, added, later.x, width);
    softmaxRows(later.scores, classes.length, later.probabilities);
    return keep({ ...report, validationLoss: logLoss(later.probabilities, later.labels, classes.length) });
  }
  function keep(report: GbdtRound): GbdtRound {
    history.push(report);
    return report;
  }
  const kept = (): Tree[][] => trees.slice(0, bestRound(history));

  return {
    history,
    get rounds() {
      return bestRound(history);
    },
    get done() {
      return trees.length >= settings.rounds || (validation !== undefined && trees.length - bestRound(history) >= settings.patience);
    },
    round: () => take(grow(trees.length, probabilities)),
    probabilities(given, count) {
      if (given.length !== count * width)
        throw inputFailure("GBDT_INPUT", `${given.length} numbers do not make ${count} rows of ${width}; give whole rows`);
      checkFinite(given, width, "given");
      const sums = firstScores(base, count);
      for (const round of kept()) addRound(sums, round, given, width);
      return softmaxRows(sums, classes.length, new Float32Array(sums.length));
    },
    weightsHash: () =>
      createHash("sha256")
        .update(JSON.stringify([base, kept()]))
        .digest("hex"),
    snapshot: () => ({ trees: trees.slice(), history: history.slice() }),
    restore(saved) {
      if (trees.length > 0) throw inputFailure("GBDT_SNAPSHOT", `${trees.length} rounds are made already; restore before the first one`);
      for (const [i, round] of saved.trees.entries())
        if (round.length !== classes.length || take([...round]).loss !== saved.history[i]?.loss)
          throw inputFailure("GBDT_SNAPSHOT", `round ${i + 1} of the snapshot does not follow from these rows; begin anew`);
    },
    export: (about) => treeEnsembleModel(kept(), base, classes, width, about),
  };
}

/**
 * Trains to the end. `onRound` is told of each round and awaited: it may take a snapshot, and what it rejects with ends
 * the training. `resume` goes on from a snapshot.
 */
export async function trainGbdt(
  options: GbdtOptions & {
    readonly onRound?: (report: GbdtRound, trees: Gbdt) => void | Promise<void>;
    readonly resume?: GbdtSnapshot;
  },
): Promise<Gbdt> {
  const trees = openGbdt(options);
  if (options.resume !== undefined) trees.restore(options.resume);
  while (!trees.done) {
    const report = trees.round();
    await options.onRound?.(report, trees);
  }
  return trees;
}

function checkRows({ width, classes }: GbdtOptions, { x, rows, labels }: LabelledRows, what: string): void {
  const wrong = (message: string): Error => inputFailure("GBDT_INPUT", `${what} rows: ${message}`);
  if (rows < 1 || x.length !== rows * width) throw wrong(`${x.length} numbers do not make ${rows} rows of ${width}; give whole rows`);
  if (labels.length !== rows) throw wrong(`${labels.length} labels for ${rows} rows; give one each`);
  const stranger = labels.findIndex((label) => !(label >= 0 && label < classes.length));
  if (stranger !== -1) throw wrong(`row ${stranger} has the class ${labels[stranger]}, there are ${classes.length}; count from 0`);
  checkFinite(x, width, what);
}

/** The round with the least validation loss, else the last one. */
function bestRound(history: readonly GbdtRound[]): number {
  let best: GbdtRound | undefined;
  for (const report of history)
    if (best === undefined || report.validationLoss === undefined || report.validationLoss < best.validationLoss!) best = report;
  return best?.round ?? 0;
}

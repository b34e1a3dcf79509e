import { assert } from "../assert.ts";
import { directionLabels, FLAT, UP, type Dataset } from "./dataset.ts";
import { actedReturns, blockLength, bootstrapMean, type Estimate, type MoneyFigure } from "./money.ts";
import { saidLabel, scoreOf, type Score } from "./score.ts";
import { labelCounts } from "./statistics.ts";

/** What a model said of rows that it had not learnt from, and what it had learnt from. */
export interface FoldPredictions {
  readonly train: Int32Array;
  readonly rows: Int32Array;
  /** [rows.length][labels] */
  readonly probabilities: Float32Array;
}

/** Ways of acting that need no model. */
export const baselineNames = ["always_flat", "always_long", "buy_and_hold", "majority", "persistence"] as const;
export type BaselineName = (typeof baselineNames)[number];

export interface Baseline {
  readonly name: BaselineName;
  /** Share of rows whose label it would have said; absent for what says no label. */
  readonly accuracy?: number;
  readonly money: MoneyFigure;
}

export interface Evaluation extends Score {
  readonly money: MoneyFigure;
  readonly baselines: readonly Baseline[];
  /** The frequencies of the labels learnt from, said on every row: what probabilities are worth that see nothing. */
  readonly naive: Score;
  /** Against the baseline that earned most on these rows, row by row. */
  readonly against: { readonly baseline: BaselineName; readonly difference: Estimate };
  /** Whether it earns more after costs than every baseline: `yes` and `no` only where the 95 % interval of the difference leaves out 0. */
  readonly beatsNaive: "yes" | "no" | "not distinguishable";
}

/** Judges predictions of one or more folds. Deterministic: `seed` is of the bootstrap. */
export function evaluatePredictions(dataset: Dataset, folds: readonly FoldPredictions[], seed = 1): Evaluation {
  const rows = joinedRows(folds);
  const probabilities = joinedFloats(folds.map((fold) => fold.probabilities));
  const naive = naiveBaseline(dataset, folds);
  assert(
    rows.length > 0 && probabilities.length === rows.length * directionLabels.length,
    "each row judged has a probability of each label",
  );
  const block = blockLength(dataset, rows);
  const model = actedReturns(dataset, rows, (i) => saidLabel(probabilities, i));
  const ways = baselineReturns(dataset, folds, rows, naive);
  const baselines = ways.map(({ name, said, returns, acted }) => ({
    name,
    ...(said && { accuracy: accuracyOf(dataset, rows, said) }),
    money: { ...bootstrapMean(returns, block, seed), acted },
  }));
  const best = baselines.reduce((most, one, i) => (one.money.mean > baselines[most]!.money.mean ? i : most), 0);
  const difference = bootstrapMean(
    model.returns.map((value, i) => value - ways[best]!.returns[i]!),
    block,
    seed,
  );
  return {
    ...scoreOf(dataset, rows, probabilities),
    money: { ...bootstrapMean(model.returns, block, seed), acted: model.acted },
    baselines,
    naive: scoreOf(dataset, rows, naive),
    against: { baseline: baselines[best]!.name, difference },
    beatsNaive: difference.low > 0 ? "yes" : difference.high < 0 ? "no" : "not distinguishable",
  };
}

/** The frequencies of the labels of each fold's training rows as probabilities of its validation rows, fold after fold. */
export function naiveBaseline(dataset: Dataset, folds: readonly Pick<FoldPredictions, "train" | "rows">[]): Float32Array {
  return joinedFloats(
    folds.map(({ train, rows }) => {
      const shares = labelCounts(dataset, train).map((count) => (train.length === 0 ? 1 / directionLabels.length : count / train.length));
      return Float32Array.from({ length: rows.length * shares.length }, (_, i) => shares[i % shares.length]!);
    }),
  );
}

interface Way {
  readonly name: BaselineName;
  readonly said?: (i: number) => number;
  readonly returns: Float64Array;
  readonly acted: number;
}

function baselineReturns(dataset: Dataset, folds: readonly FoldPredictions[], rows: Int32Array, naive: Float32Array): Way[] {
  const way = (name: BaselineName, said: (i: number) => number): Way => ({ name, said, ...actedReturns(dataset, rows, said) });
  const last = lastKnownLabels(dataset, rows);
  // Who holds all the time pays once, so next to nothing per row: the hardest to beat in a rising market.
  const held: Way = { name: "buy_and_hold", returns: Float64Array.from(rows, (row) => dataset.forwardReturn[row]!), acted: rows.length };
  return [
    way("always_flat", () => FLAT),
    way("always_long", () => UP),
    held,
    way("majority", (i) => saidLabel(naive, i)),
    way("persistence", (i) => last[i]!),
  ];
}

/** For each row the newest label that was over by its close, with all before it; FLAT where none was. */
function lastKnownLabels({ closeTime, labelEnd, label }: Dataset, rows: Int32Array): Int32Array {
  let known = 0;
  return Int32Array.from(rows, (row) => {
    while (known < row && labelEnd[known]! <= closeTime[row]!) known++;
    return known === 0 ? FLAT : label[known - 1]!;
  });
}

function accuracyOf({ label }: Dataset, rows: Int32Array, said: (i: number) => number): number {
  let right = 0;
  rows.forEach((row, i) => void (right += label[row] === said(i) ? 1 : 0));
  return right / rows.length;
}

function joinedRows(folds: readonly FoldPredictions[]): Int32Array {
  return Int32Array.from(folds.flatMap((fold) => [...fold.rows]));
}

function joinedFloats(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

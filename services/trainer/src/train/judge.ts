import {
  blockLength,
  evaluatePredictions,
  labelCounts,
  saidLabel,
  scoreOf,
  actedReturns,
  directionLabels,
  FLAT,
  sideCost,
  toNumber,
  type Dataset,
  type Evaluation,
} from "@tradewind/core";
import type { CardCaution } from "../card/model.ts";
import type { FitSummary } from "../learners/learner.ts";
import type { Prepared } from "./prepare.ts";
import type { FoldResult } from "./run.ts";

/** What is said of a trained model, by rows that it, or the model of an earlier fold, had not seen. */
export interface Judgement {
  readonly evaluation: Evaluation;
  /** The verdict in one plain sentence with its numbers. */
  readonly sentence: string;
  readonly cautions: readonly CardCaution[];
  readonly folds: readonly FoldFigures[];
  readonly roundTripCostPct: number;
  readonly intervalMethod: string;
}

export interface FoldFigures {
  readonly accuracy: number;
  readonly logLoss: number;
  /** Mean net return per row, percent. */
  readonly netPct: number;
}

export function judge(prepared: Prepared, folds: readonly FoldResult[], summary: FitSummary): Judgement {
  const { dataset, training, plan } = prepared;
  const evaluation = evaluatePredictions(dataset, folds, training.seed);
  const rows = Int32Array.from(folds.flatMap((fold) => [...fold.rows]));
  return {
    evaluation,
    sentence: sentenceOf(evaluation, folds.length),
    cautions: [...prepared.cautions, ...(summary.cautions ?? []), ...cautionsOf(dataset, folds, rows, evaluation, summary)],
    folds: folds.map((fold) => figuresOf(dataset, fold)),
    roundTripCostPct: 200 * sideCost(toNumber(plan.instrument.takerFee), plan.costs),
    intervalMethod: `circular block bootstrap, 1,000 draws of blocks of ${blockLength(dataset, rows)} rows`,
  };
}

function figuresOf(dataset: Dataset, { rows, probabilities }: FoldResult): FoldFigures {
  const { accuracy, logLoss } = scoreOf(dataset, rows, probabilities);
  const { returns } = actedReturns(dataset, rows, (i) => saidLabel(probabilities, i));
  return { accuracy, logLoss, netPct: (100 * returns.reduce((sum, one) => sum + one, 0)) / rows.length };
}

/** A share as percent with enough digits for returns of single trades. */
export function percent(share: number, digits = 4): string {
  const text = (100 * share).toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : share > 0 ? `+${text}` : text;
}

/** Of several folds each row is judged by another model: the last one's alone is kept. */
function sentenceOf({ rows, money, against, beatsNaive }: Evaluation, folds: number): string {
  const { difference, baseline } = against;
  const ending = {
    yes: "it beats the naive baseline",
    no: "it does not beat the naive baseline",
    "not distinguishable": "it cannot be told from the naive baseline",
  }[beatsNaive];
  const made = `it makes ${percent(money.mean)} % per row after fees, acting on ${money.acted}`;
  const interval = Number.isFinite(difference.low)
    ? `95 % interval ${percent(difference.low)} to ${percent(difference.high)}`
    : "too few rows for a 95 % interval";
  const differs = `${percent(difference.mean)} % against ${baseline.replaceAll("_", " ")}, ${interval}`;
  const judged =
    folds === 1
      ? `On ${rows} rows after those it learnt from`
      : `On ${rows} rows, each judged by a model of those before it (${folds} folds),`;
  return `${judged} ${made} (${differs}): ${ending}.`;
}

const FEW_ROWS = 1_000;
const ONE_CLASS = 0.9;
const SHIFTED = 0.1;
const OVERFIT = 1.5;

function cautionsOf(
  dataset: Dataset,
  folds: readonly FoldResult[],
  rows: Int32Array,
  { money, logLoss, naive }: Evaluation,
  { curve, kept }: FitSummary,
): CardCaution[] {
  const cautions: CardCaution[] = [];
  const add = (when: boolean, code: string, detail: string): void => void (when && cautions.push({ code, detail }));
  const share = (of: Int32Array): number[] => labelCounts(dataset, of).map((count) => count / of.length);
  const seen = share(rows);
  const learnt = share(folds.at(-1)!.train);
  const most = seen.indexOf(Math.max(...seen));
  const shift = Math.max(...seen.map((one, k) => Math.abs(one - learnt[k]!)));
  const last = curve[kept ?? curve.length - 1];
  const shown = (one: number): string => (100 * one).toFixed(1);
  add(rows.length < FEW_ROWS, "FEW_ROWS", `Only ${rows.length} rows were judged; chance alone moves figures of so few.`);
  add(folds.length === 1, "ONE_FOLD", "It was judged by one stretch of time; more folds would show how much that matters.");
  add(
    seen[most]! > ONE_CLASS,
    "CLASS_IMBALANCE",
    `${shown(seen[most]!)} % of the rows are ${directionLabels[most]}${most === FLAT ? ": few moves pay their costs" : ""}; accuracy says little here.`,
  );
  add(
    shift > SHIFTED,
    "NON_STATIONARY",
    `The share of a class differs by ${shown(shift)} points between the rows it learnt from and those it was judged by.`,
  );
  add(
    logLoss >= naive.logLoss,
    "KNOWS_NOTHING",
    `Its probabilities (log loss ${logLoss.toFixed(4)}) are no better than always naming the classes' shares (${naive.logLoss.toFixed(4)}).`,
  );
  add(money.acted === 0, "NEVER_ACTS", "It never took a position.");
  add(
    last?.validationLoss !== undefined && last.validationLoss > OVERFIT * last.loss,
    "OVERFIT",
    `Its loss is ${last?.loss.toFixed(4)} on rows it learnt from and ${last?.validationLoss?.toFixed(4)} on later ones.`,
  );
  return cautions;
}

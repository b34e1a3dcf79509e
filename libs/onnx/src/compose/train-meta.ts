import { inputFailure, matrixSize, type Failure, type MatrixPlan } from "@tradewind/core";
import { fitHead, headLoss, type HeadRows } from "./fit-head.ts";
import { headInputs, headOutputs, headRows, type MetaHead } from "./meta-head.ts";
import { regimeScales, regimeValues, regimesOf, type RegimeScale } from "./regimes.ts";

/** What a head is trained on: what its members said of rows they were not trained on, in time order. */
export interface MetaOptions {
  readonly members: readonly { readonly name: string; /** [rows x classes]. */ readonly probabilities: Float32Array }[];
  readonly matrix: MatrixPlan;
  /** Raw matrices of the rows, for the regimes. */
  readonly x: Float32Array;
  readonly rows: number;
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly settings?: Partial<MetaSettings>;
}

export interface MetaSettings {
  /** Share of the rows, the last ones, by which training stops and the head is judged. */
  readonly validationShare: number;
  /** Rows left out before them: those whose labels look into them. */
  readonly gap: number;
  /** The least pull of the weights to where they started that is tried; 10 is the first. */
  readonly l2: number;
  /** Steps at most for each pull. */
  readonly steps: number;
  /** 1: weights depend on the regime; 0: they do not. */
  readonly regimes: 0 | 1;
}

export const metaDefaults: MetaSettings = { validationShare: 0.4, gap: 0, l2: 1e-4, steps: 50, regimes: 1 };

/** Mean log loss and share of rows named rightly, over the validation part. */
export interface MetaFigures {
  readonly logLoss: number;
  readonly accuracy: number;
}

export interface MetaReport {
  /** Where the weights started: the best member, or the mean of all in logarithms. */
  readonly start: string;
  /** The member with the least log loss over the validation part. */
  readonly best: string;
  /** The trained head. */
  readonly trained: MetaFigures;
  readonly members: Readonly<Record<string, MetaFigures>>;
  /** False when the trained head did not beat the best member there: the head says what that member says, then. */
  readonly kept: boolean;
  /** Log loss over the training part with the pull, step by step; each weaker pull goes on from the one before. */
  readonly curve: readonly number[];
}

/**
 * Trains a head over members. It begins as the best member or as the mean of all, whichever is better on the training
 * part, and is kept only if it has less log loss than the best member on the validation part and is right no less
 * often; else the head given is that member. Throws `META_INPUT`.
 */
export function trainMeta(options: MetaOptions): { readonly head: MetaHead; readonly report: MetaReport } {
  const { members, classes } = options;
  const settings = { ...metaDefaults, ...options.settings };
  const parts = partsOf(options, settings);
  const { train, validation, scales } = parts;
  const alone = members.map((_, m) => startOf(members.length, classes.length, scales.length, [m]));
  const mean = startOf(members.length, classes.length, scales.length, [...members.keys()]);

  const losses = [...alone, mean].map((weights) => headLoss(train, weights, classes.length));
  const start = losses.indexOf(Math.min(...losses));
  const { weights, curve } = fitHead(train, validation, [...alone, mean][start]!, classes.length, settings);

  const figures = alone.map((own) => figuresOf(validation, own, classes.length));
  const best = figures.reduce((lowest, { logLoss }, m) => (logLoss < figures[lowest]!.logLoss ? m : lowest), 0);
  const trained = figuresOf(validation, weights, classes.length);
  const kept = trained.logLoss < figures[best]!.logLoss && trained.accuracy >= figures[best]!.accuracy;
  const names = members.map(({ name }) => name);
  return {
    head: { members: names, classes, regimes: scales, weights: Float32Array.from(kept ? weights : alone[best]!) },
    report: {
      start: names[start] ?? "mean of all",
      best: names[best]!,
      trained,
      members: Object.fromEntries(names.map((name, m) => [name, figures[m]!])),
      kept,
      curve,
    },
  };
}

/** The rows as the head sees them, earlier ones to train on and later ones to judge by. Scales are of the earlier ones. */
function partsOf(options: MetaOptions, settings: MetaSettings): { train: HeadRows; validation: HeadRows; scales: RegimeScale[] } {
  const { members, matrix, x, rows, labels, classes } = options;
  const { validationShare, gap } = settings;
  const until = Math.floor(rows * (1 - validationShare));
  checkOptions(options, until, gap);
  const regimes = settings.regimes === 1 ? regimesOf(matrix).length : 0;
  const values = regimes === 0 ? new Float64Array(0) : regimeValues(matrix, x, rows);
  const scales = regimes === 0 ? [] : regimeScales(matrix, values.subarray(0, (until - gap) * regimes));
  const inputs = headRows(
    members.map(({ probabilities }) => probabilities),
    classes.length,
    scales,
    values,
    rows,
  );
  const width = headInputs(members.length, classes.length, regimes);
  return {
    train: { inputs: inputs.subarray(0, (until - gap) * width), labels: labels.subarray(0, until - gap) },
    validation: { inputs: inputs.subarray(until * width), labels: labels.subarray(until) },
    scales,
  };
}

/** Weights by which the head says the mean, in logarithms, of the members numbered `of`. */
function startOf(members: number, classes: number, regimes: number, of: readonly number[]): Float64Array {
  const weights = new Float64Array(headInputs(members, classes, regimes) * classes);
  for (const m of of) for (let k = 0; k < classes; k++) weights[(m * classes + k) * classes + k] = 1 / of.length;
  return weights;
}

function figuresOf(rows: HeadRows, weights: Float64Array, classes: number): MetaFigures {
  const outputs = headOutputs(rows.inputs, weights, rows.labels.length, classes);
  const right = rows.labels.reduce((count, label, row) => {
    const own = outputs.subarray(row * classes, (row + 1) * classes);
    return own.indexOf(own.reduce((most, value) => Math.max(most, value))) === label ? count + 1 : count;
  }, 0);
  return { logLoss: headLoss(rows, weights, classes), accuracy: right / rows.labels.length };
}

function checkOptions({ members, matrix, x, rows, labels, classes }: MetaOptions, until: number, gap: number): void {
  const wrong = (what: string): Failure => inputFailure("META_INPUT", `a head over members cannot be trained: ${what}`);
  if (members.length === 0) throw wrong("it has no members; name at least one");
  if (until - gap < 1 || until >= rows) throw wrong(`${rows} rows leave nothing to train on or to judge by; give more`);
  if (x.length !== rows * matrixSize(matrix)) throw wrong(`${x.length} numbers do not make ${rows} matrices of ${matrixSize(matrix)}`);
  if (labels.length !== rows) throw wrong(`${labels.length} labels for ${rows} rows; give one each`);
  for (const { name, probabilities } of members) {
    if (probabilities.length !== rows * classes.length)
      throw wrong(`${name} said ${probabilities.length} numbers of ${rows} rows of ${classes.length} classes`);
    const at = probabilities.findIndex((value) => !Number.isFinite(value));
    if (at !== -1) throw wrong(`${name} said ${probabilities[at]} of row ${Math.floor(at / classes.length)}`);
  }
}

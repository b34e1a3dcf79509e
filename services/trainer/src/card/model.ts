import type { MatrixPlan } from "@tradewind/core";

/*
 * What a model card says. Shares, probabilities and accuracies are 0..1, returns are percent, times are ms since 1970
 * (market time unless said otherwise). A figure that cannot be had is null (or NaN)
 * and shown as a dash, never as zero.
 */

/** Whether the model earned more, after fees, than the best of its naive baselines on rows it had not seen. */
export type Verdict = "yes" | "no" | "not distinguishable";

/** Rows by close time, both ends included. `rows` is what is left after purge and embargo. */
export interface CardRange {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** One fold of the walk-forward validation. */
export interface CardFold {
  readonly training: CardRange;
  readonly validation: CardRange;
  /** Rows dropped from training because their label looks into what the validation range sees. */
  readonly purged: number;
  /** Rows dropped on top of that because they lie too close to it; null where they are counted in `purged`. */
  readonly embargoed: number | null;
  /** On validation rows: the family's own objective. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** Mean negative log probability of the true class, nats. */
  readonly logLoss: number | null;
  /** Mean net return per validation row, as in `CardStrategy.net`. */
  readonly netPct: number | null;
}

/** Loss by epoch (round, update), on the rows learnt from and on those of the training range held back to stop by; none of the judged ones. */
export interface CardCurve {
  /** What a step of the curve is: "epoch", "round", "1000 updates". */
  readonly step: string;
  /** What the loss is: "cross entropy (nats)", "Huber". */
  readonly objective: string;
  readonly training: readonly (number | null)[];
  /** As long as `training`; null where it was not measured. */
  readonly validation: readonly (number | null)[];
  /** Index of the step whose weights were kept. */
  readonly kept: number | null;
}

/** Predictions whose highest probability fell into [from, to). */
export interface CardCalibrationBin {
  readonly from: number;
  readonly to: number;
  /** Mean of the highest probability; null without rows. */
  readonly confidence: number | null;
  /** Share of them that were right; null without rows. */
  readonly frequency: number | null;
  readonly count: number;
}

/** A mean with how sure it is, all in percent of the entry price. */
export interface CardEstimate {
  readonly meanPct: number | null;
  readonly standardErrorPct: number | null;
  /** The ends of the 95 % interval. */
  readonly lowPct: number | null;
  readonly highPct: number | null;
}

/** What acting on every validation row by a rule would have earned per row, fees and slippage paid. */
export interface CardStrategy {
  /** "model", "always flat", "always long", "buy and hold", "majority", "persistence". */
  readonly name: string;
  readonly net: CardEstimate;
  /** Rows on which it took a position. */
  readonly acted: number;
  /** Share of rows whose label it named; null for a rule that names none. */
  readonly accuracy: number | null;
}

export interface CardValidation {
  /** The rows that every figure here is of: not seen in training, all folds together. */
  readonly rows: number;
  readonly accuracy: number | null;
  readonly logLoss: number | null;
  /** Log loss of always naming the classes' shares of the training rows: what a model that knows nothing reaches. */
  readonly baselineLogLoss: number | null;
  /** confusion[truth][predicted], counts, in the order of `labels`. */
  readonly confusion: readonly (readonly number[])[];
  readonly calibration: readonly CardCalibrationBin[];
  /** Mean distance between confidence and frequency, weighted by count. */
  readonly calibrationError: number | null;
  /** The model first, then the baselines. */
  readonly comparison: readonly CardStrategy[];
  /** The model less the baseline that earned most, row by row: what the verdict rests on. */
  readonly against: { readonly baseline: string; readonly difference: CardEstimate };
  /** What was paid for a round trip in the comparison, in percent of its value. */
  readonly roundTripCostPct: number;
  /** How the interval was made: "block bootstrap, 1,000 draws of blocks of 24 rows". */
  readonly intervalMethod: string;
}

export interface CardCaution {
  /** SIMULATED_DATA, FEW_ROWS, CLASS_IMBALANCE, NON_STATIONARY, ONE_FOLD, OVERFIT ... */
  readonly code: string;
  /** One sentence with the numbers. */
  readonly detail: string;
}

export interface CardImportance {
  readonly feature: string;
  /** 0..1, of all features together. */
  readonly share: number;
}

/** What a person should know of a trained model: `renderCard` makes a page of it. */
export interface CardModel {
  readonly name: string;
  /** cnn, lstm, transformer, gbdt, dqn, ensemble, meta. */
  readonly family: string;
  /** Does the model beat doing the naive thing, after fees? */
  readonly verdict: Verdict;
  /** The verdict as one plain sentence, with its numbers. */
  readonly sentence: string;
  readonly cautions: readonly CardCaution[];

  readonly venue: string;
  readonly instruments: readonly string[];
  readonly timeframe: string;
  readonly matrix: MatrixPlan;
  /** Class names in the order of the outputs. */
  readonly labels: readonly string[];
  /** The label as the reader needs it: "forward_return: 4 closes ahead, up or down where the move pays 0.2 %". */
  readonly labelDefinition: string;
  /** Shares of the classes, in the order of `labels`. */
  readonly classShares: { readonly training: readonly number[]; readonly validation: readonly number[] };

  readonly training: CardRange;
  readonly validation: CardRange;
  readonly folds: readonly CardFold[];
  /** Of the training whose weights are in the file. */
  readonly curve: CardCurve;
  readonly evaluation: CardValidation;
  /** By how much worse the log loss of held-out rows becomes when it is shuffled, largest first; null when none makes it worse. */
  readonly importance: readonly CardImportance[] | null;

  readonly seed: number;
  /** Of the family, with defaults filled in; in the order to show. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Learned numbers: weights, or leaves and splits. */
  readonly parameters: number | null;
  /** Hex SHA-256 of the training rows and their labels. */
  readonly dataHash: string;
  readonly weightsHash: string;
  /** Of the .onnx file. */
  readonly fileHash: string;
  readonly fileBytes: number;
  /** Commit or release that trained it. */
  readonly codeVersion: string;
  /** Market time after which it abstains. */
  readonly expiresAt: number | null;
  /** Wall time of the training's end. */
  readonly trainedAt: number;
  readonly trainingMs: number;
  /** Most memory the process held (resident), bytes. */
  readonly peakMemoryBytes: number | null;
}

import { directionLabels, type Dataset } from "./dataset.ts";

/** What was said of a share of the confidence scale, and what came. */
export interface CalibrationBin {
  /** Confidence in [from, to). */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean confidence; NaN in an empty bin. */
  readonly confidence: number;
  /** Share that was right; NaN in an empty bin. */
  readonly accuracy: number;
}

/** How good probabilities are as such. */
export interface Score {
  readonly rows: number;
  readonly accuracy: number;
  /** Mean natural logarithm of what was given to the label that came, negated. */
  readonly logLoss: number;
  /** Mean over rows of the summed squared differences over labels, 0..2. */
  readonly brier: number;
  /** [label that came][label that was said], counts. */
  readonly confusion: readonly (readonly number[])[];
  readonly calibration: readonly CalibrationBin[];
}

const BINS = 10;
/** A probability of 0 for what came would make one row's loss infinite. */
const PROBABILITY_LEAST = 1e-7;

/** The label with the highest probability of row `i`; the first of equals. */
export function saidLabel(probabilities: Float32Array, i: number): number {
  const classes = directionLabels.length;
  let best = 0;
  for (let label = 1; label < classes; label++) if (probabilities[i * classes + label]! > probabilities[i * classes + best]!) best = label;
  return best;
}

/** `probabilities` are [rows.length][labels], in the order of `rows`. */
export function scoreOf({ label }: Pick<Dataset, "label">, rows: Int32Array, probabilities: Float32Array): Score {
  const classes = directionLabels.length;
  const confusion = directionLabels.map(() => directionLabels.map(() => 0));
  const bins = Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, right: 0 }));
  let [right, loss, brier] = [0, 0, 0];
  for (let i = 0; i < rows.length; i++) {
    const truth = label[rows[i]!]!;
    const said = saidLabel(probabilities, i);
    const confidence = probabilities[i * classes + said]!;
    const bin = bins[Math.min(BINS - 1, Math.floor(confidence * BINS))]!;
    bin.count++;
    bin.confidence += confidence;
    confusion[truth]![said]!++;
    if (said === truth) {
      right++;
      bin.right++;
    }
    loss -= Math.log(Math.max(PROBABILITY_LEAST, probabilities[i * classes + truth]!));
    for (let one = 0; one < classes; one++) brier += (probabilities[i * classes + one]! - (one === truth ? 1 : 0)) ** 2;
  }
  return {
    rows: rows.length,
    accuracy: right / rows.length,
    logLoss: loss / rows.length,
    brier: brier / rows.length,
    confusion,
    calibration: bins.map(({ count, confidence, right: hits }, i) => ({
      from: i / BINS,
      to: (i + 1) / BINS,
      count,
      confidence: confidence / count,
      accuracy: hits / count,
    })),
  };
}

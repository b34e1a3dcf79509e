import { directionLabels, findLabelRule, labelCounts, type CalibrationBin, type Estimate } from "@tradewind/core";
import type { CardCalibrationBin, CardEstimate, CardImportance, CardModel, CardRange, CardStrategy } from "../card/model.ts";
import type { Judgement } from "./judge.ts";
import type { Prepared } from "./prepare.ts";
import type { FileFacts } from "./result.ts";
import type { Trained } from "./run.ts";

/** What the card says of a trained model. */
export function cardOf(
  prepared: Prepared,
  trained: Trained,
  judgement: Judgement,
  facts: FileFacts & { readonly startedAt: number; readonly importance: readonly CardImportance[] | null },
): CardModel {
  const { training, plan, dataset, dataHash, name } = prepared;
  const { instrument, label, matrix } = plan;
  const { folds, summary } = trained;
  const last = folds.at(-1)!;
  const judged = Int32Array.from(folds.flatMap((fold) => [...fold.rows]));
  const range = (rows: Int32Array): CardRange => ({
    from: dataset.closeTime[rows[0]!]!,
    to: dataset.closeTime[rows.at(-1)!]!,
    rows: rows.length,
  });
  const shares = (rows: Int32Array): number[] => labelCounts(dataset, rows).map((count) => count / rows.length);
  const rule = findLabelRule(label.name);
  const parameters = Object.entries(rule.complete(label.parameters)).map(([key, value]) => `${key} ${String(value)}`);
  return {
    name,
    family: training.family,
    verdict: judgement.evaluation.beatsNaive,
    sentence: judgement.sentence,
    cautions: judgement.cautions,
    venue: instrument.venue,
    instruments: [instrument.symbol],
    timeframe: matrix.timeframes[0]!,
    matrix,
    labels: directionLabels,
    labelDefinition: `${label.name} (${parameters.join(", ")}): ${rule.doc}`,
    classShares: { training: shares(last.train), validation: shares(judged) },
    training: range(last.train),
    validation: range(judged),
    folds: folds.map((fold, i) => ({
      training: range(fold.train),
      validation: range(fold.rows),
      purged: prepared.folds[i]!.purged,
      embargoed: null,
      loss: null,
      ...judgement.folds[i]!,
    })),
    curve: curveOf(trained),
    evaluation: evaluationOf(judgement),
    importance: facts.importance,
    seed: training.seed,
    settings: training.settings,
    parameters: summary.parameters,
    dataHash,
    weightsHash: facts.weightsHash,
    fileHash: facts.fileHash,
    fileBytes: facts.fileBytes,
    codeVersion: facts.codeVersion,
    expiresAt: facts.expiresAt ?? null,
    trainedAt: Date.now(),
    trainingMs: Date.now() - facts.startedAt,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1_024,
  };
}

function curveOf({ summary: { unit, objective, curve, kept } }: Trained): CardModel["curve"] {
  return {
    step: unit,
    objective,
    training: curve.map(({ loss }) => loss),
    validation: curve.map(({ validationLoss }) => validationLoss ?? null),
    kept,
  };
}

function evaluationOf({ evaluation, roundTripCostPct, intervalMethod }: Judgement): CardModel["evaluation"] {
  const { rows, accuracy, logLoss, naive, confusion, calibration, money, baselines, against } = evaluation;
  const strategy = (name: string, net: Estimate, acted: number, right: number | undefined): CardStrategy => ({
    name: name.replaceAll("_", " "),
    net: estimate(net),
    acted,
    accuracy: right ?? null,
  });
  return {
    rows,
    accuracy,
    logLoss,
    baselineLogLoss: naive.logLoss,
    confusion,
    calibration: calibration.map(binOf),
    calibrationError: calibrationError(calibration, rows),
    comparison: [
      strategy("model", money, money.acted, accuracy),
      ...baselines.map((one) => strategy(one.name, one.money, one.money.acted, one.accuracy)),
    ],
    against: { baseline: against.baseline.replaceAll("_", " "), difference: estimate(against.difference) },
    roundTripCostPct,
    intervalMethod,
  };
}

function estimate({ mean, standardError, low, high }: Estimate): CardEstimate {
  return { meanPct: 100 * mean, standardErrorPct: 100 * standardError, lowPct: 100 * low, highPct: 100 * high };
}

function binOf({ from, to, count, confidence, accuracy }: CalibrationBin): CardCalibrationBin {
  return { from, to, count, confidence: count === 0 ? null : confidence, frequency: count === 0 ? null : accuracy };
}

function calibrationError(bins: readonly CalibrationBin[], rows: number): number {
  return bins.reduce(
    (sum, { count, confidence, accuracy }) => (count === 0 ? sum : sum + (count / rows) * Math.abs(confidence - accuracy)),
    0,
  );
}

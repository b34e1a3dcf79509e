import type { Evaluation, MatrixPlan, ParameterValues } from "@tradewind/core";
import { findLabelRule } from "@tradewind/core";
import type { CardCaution } from "../card/model.ts";
import type { Judgement } from "./judge.ts";
import type { Prepared } from "./prepare.ts";
import type { Trained } from "./run.ts";

interface Range {
  /** ISO close times of the first and the last row. */
  readonly from: string;
  readonly to: string;
  readonly rows: number;
}

interface Estimate {
  readonly mean_pct: number;
  /** Ends of the 95 % interval; null where the rows are too few for one. */
  readonly low_pct: number | null;
  readonly high_pct: number | null;
}

/** What came out of a training, as its .json file and `--json` say it: a function of data, settings and seed. */
export interface TrainingResult {
  readonly name: string;
  readonly family: string;
  readonly weights_hash: string;
  readonly data_hash: string;
  readonly file_sha256: string;
  readonly file_bytes: number;
  readonly seed: number;
  readonly settings: Readonly<Record<string, number>>;
  readonly members: readonly string[];
  readonly data: {
    readonly broker: string;
    readonly symbol: string;
    readonly timeframe: string;
    readonly candles: number;
    readonly from: string;
    readonly to: string;
    readonly rows: number;
  };
  readonly matrix: MatrixPlan;
  readonly label: { readonly name: string; readonly parameters: ParameterValues };
  readonly folds: readonly {
    readonly training: Range;
    readonly validation: Range;
    readonly purged: number;
    readonly accuracy: number;
    readonly log_loss: number;
    /** Mean per validation row, after costs. */
    readonly net_pct: number;
    readonly weights_hash: string;
  }[];
  /** Of all validation rows together. */
  readonly metrics: {
    readonly rows: number;
    readonly accuracy: number;
    readonly log_loss: number;
    /** Of always naming the classes' shares. */
    readonly naive_log_loss: number;
    readonly brier: number;
    /** Mean per row after costs. */
    readonly net: Estimate;
    readonly acted: number;
  };
  readonly baseline: {
    readonly beats_naive: Evaluation["beatsNaive"];
    readonly against: string;
    readonly difference: Estimate;
    readonly sentence: string;
    readonly all: readonly { readonly name: string; readonly net_pct: number; readonly accuracy: number | null }[];
  };
  readonly cautions: readonly CardCaution[];
  readonly notices: readonly string[];
  readonly expires_at: string | null;
  readonly code_version: string;
}

export interface FileFacts {
  readonly weightsHash: string;
  readonly fileHash: string;
  readonly fileBytes: number;
  readonly expiresAt: number | undefined;
  readonly codeVersion: string;
}

export function resultOf(prepared: Prepared, { folds, summary }: Trained, judgement: Judgement, facts: FileFacts): TrainingResult {
  const { training, columns, plan, dataset, dataHash, name } = prepared;
  const { evaluation } = judgement;
  const { instrument, label } = plan;
  const range = (rows: Int32Array): Range => ({
    from: iso(dataset.closeTime[rows[0]!]!),
    to: iso(dataset.closeTime[rows.at(-1)!]!),
    rows: rows.length,
  });
  return {
    name,
    family: training.family,
    weights_hash: facts.weightsHash,
    data_hash: dataHash,
    file_sha256: facts.fileHash,
    file_bytes: facts.fileBytes,
    seed: training.seed,
    settings: training.settings,
    members: prepared.members.map((member) => member.name),
    data: {
      broker: instrument.venue,
      symbol: instrument.symbol,
      timeframe: columns.timeframe,
      candles: columns.length,
      from: iso(columns.openTime[0]!),
      to: iso(columns.closeTime[columns.length - 1]!),
      rows: dataset.rows,
    },
    matrix: plan.matrix,
    label: { name: label.name, parameters: findLabelRule(label.name).complete(label.parameters) },
    folds: folds.map((fold, i) => ({
      training: range(fold.train),
      validation: range(fold.rows),
      purged: prepared.folds[i]!.purged,
      accuracy: judgement.folds[i]!.accuracy,
      log_loss: judgement.folds[i]!.logLoss,
      net_pct: judgement.folds[i]!.netPct,
      weights_hash: fold.weightsHash,
    })),
    metrics: {
      rows: evaluation.rows,
      accuracy: evaluation.accuracy,
      log_loss: evaluation.logLoss,
      naive_log_loss: evaluation.naive.logLoss,
      brier: evaluation.brier,
      net: estimate(evaluation.money),
      acted: evaluation.money.acted,
    },
    baseline: baselineOf(judgement),
    cautions: judgement.cautions,
    notices: [...prepared.notices, ...summary.notices],
    expires_at: facts.expiresAt === undefined ? null : iso(facts.expiresAt),
    code_version: facts.codeVersion,
  };
}

function baselineOf({ evaluation, sentence }: Judgement): TrainingResult["baseline"] {
  const { beatsNaive, against, baselines } = evaluation;
  return {
    beats_naive: beatsNaive,
    against: against.baseline,
    difference: estimate(against.difference),
    sentence,
    all: baselines.map((one) => ({ name: one.name, net_pct: 100 * one.money.mean, accuracy: one.accuracy ?? null })),
  };
}

function estimate({ mean, low, high }: { readonly mean: number; readonly low: number; readonly high: number }): Estimate {
  const known = (share: number): number | null => (Number.isNaN(share) ? null : 100 * share);
  return { mean_pct: 100 * mean, low_pct: known(low), high_pct: known(high) };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DAY_MS, directionLabels } from "@tradewind/core";
import { inspectModel, type Golden } from "@tradewind/onnx";
import { renderCard } from "../card/page.ts";
import type { About } from "../learners/learner.ts";
import { matricesOf } from "../learners/rows.ts";
import { cardOf } from "./card.ts";
import { writeTogether } from "./files.ts";
import { importanceOf } from "./importance.ts";
import { judge } from "./judge.ts";
import { labelNotes } from "./label-notes.ts";
import type { Prepared } from "./prepare.ts";
import { resultOf, type TrainingResult } from "./result.ts";
import type { Trained } from "./run.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
/** Of the program: it stands in files, and files of one version are equal byte for byte. */
export const CODE_VERSION = version;

/** The files of a training, where they lie. */
export interface Finished {
  readonly result: TrainingResult;
  readonly onnx: Uint8Array;
  readonly card: string;
  /** Absolute paths. */
  readonly files: { readonly model: string; readonly card: string; readonly result: string };
}

const GOLDEN_ROWS = 8;
const GOLDEN_TOLERANCE = 1e-4;

/** Judges a trained model, exports it and writes its three files, all or none. Closes the learner. */
export async function finish(prepared: Prepared, trained: Trained, dir: string, startedAt: number): Promise<Finished> {
  const { learner, folds, summary, checkpoint } = trained;
  try {
    const judgement = judge(prepared, folds, summary);
    const weightsHash = learner.weightsHash();
    const about = await aboutOf(prepared, trained, weightsHash, judgement.evaluation.accuracy, judgement.evaluation.logLoss);
    const onnx = await learner.export(about);
    // What the registry would refuse must not leave here.
    inspectModel(onnx, `model ${prepared.name}`);
    const fileHash = createHash("sha256").update(onnx).digest("hex");
    const facts = { weightsHash, fileHash, fileBytes: onnx.length, expiresAt: about.expiresAt, codeVersion: CODE_VERSION };
    const result = resultOf(prepared, trained, judgement, facts);
    const importance = await importanceOf(prepared, trained);
    const card = renderCard(cardOf(prepared, trained, judgement, { ...facts, startedAt, importance }));
    const names = { model: `${prepared.name}.onnx`, card: `${prepared.name}.card.html`, result: `${prepared.name}.json` };
    writeTogether(dir, { [names.model]: onnx, [names.card]: card, [names.result]: `${JSON.stringify(result, null, 2)}\n` });
    checkpoint.remove();
    const files = { model: join(dir, names.model), card: join(dir, names.card), result: join(dir, names.result) };
    return { result, onnx, card, files };
  } finally {
    await learner.release();
  }
}

async function aboutOf(prepared: Prepared, trained: Trained, weightsHash: string, accuracy: number, logLoss: number): Promise<About> {
  const { training, dataset, columns, plan, dataHash } = prepared;
  const { train } = trained.folds.at(-1)!;
  const iso = (time: number): string => new Date(time).toISOString();
  const range = [dataset.closeTime[train[0]!]!, dataset.labelEnd[train.at(-1)!]!].map(iso).join("/");
  const { expiresDays } = training;
  return {
    matrix: plan.matrix,
    version: `${training.family}-${weightsHash.slice(0, 8)}`,
    notes: {
      family: training.family,
      training_range: range,
      instrument: `${plan.instrument.venue}:${plan.instrument.symbol}`,
      seed: String(training.seed),
      data_hash: dataHash,
      weights_hash: weightsHash,
      // Of the models of all folds together, each on the rows after its own; this file is the last one's.
      metrics: JSON.stringify({ folds: trained.folds.length, accuracy: round(accuracy), log_loss: round(logLoss) }),
      ...labelNotes(plan),
      code_version: CODE_VERSION,
    },
    ...(expiresDays !== undefined && { expiresAt: columns.closeTime[columns.length - 1]! + expiresDays * DAY_MS }),
    golden: await goldenOf(prepared, trained),
  };
}

const round = (value: number): number => Number(value.toFixed(6));

/** Matrices from all over the held-out rows, with what the trainer itself gives for them. */
async function goldenOf({ dataset }: Prepared, { folds, learner }: Trained): Promise<Golden> {
  const { rows } = folds.at(-1)!;
  const count = Math.min(GOLDEN_ROWS, rows.length);
  const some = Int32Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!);
  const matrices = matricesOf(dataset, some);
  const probabilities = await learner.probabilities(matrices, count);
  return { rows: count, matrices, probabilities: probabilities.slice(0, count * directionLabels.length), tolerance: GOLDEN_TOLERANCE };
}

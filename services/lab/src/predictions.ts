import { readFileSync } from "node:fs";
import {
  calendarNamed,
  candleAt,
  inputFailure,
  matrixWalk,
  timeframeMs,
  type CandleColumns,
  type Instrument,
  type Prediction,
  type VariantPlan,
} from "@tradewind/core";
import { inspectModel, openModelSession, verdictOf, type InspectedModel, type ModelSession } from "@tradewind/onnx";

export type PredictionOf = (source: string, instrument: string, closeTime: number) => Prediction | undefined;

export interface PredictionInput {
  readonly plan: VariantPlan;
  /** Candles of one timeframe, in config order. */
  readonly columns: readonly CandleColumns[];
  /** By model id; members without one abstain. */
  readonly models: ReadonlyMap<string, InspectedModel>;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Candles between two calls of `onProgress`. */
const PROGRESS_EVERY = 4_096;

/**
 * What the models of a variant say on every close, for `runBacktest`: the feature matrix, the session and the batch of
 * one are those of the model-inference service, so the bits are too. Throws `MODEL_TIMEFRAME` when the candles are coarser than a
 * model's, and what the model's run throws.
 */
export async function predict(input: PredictionInput): Promise<PredictionOf> {
  const { plan, columns, models, onProgress } = input;
  const members = plan.members.filter(({ kind, name }) => kind === "model" && models.has(name));
  const total = members.length * columns.reduce((sum, own) => sum + own.length, 0);
  const said = new Map<string, ReadonlyMap<number, Prediction>>();
  let done = 0;
  const step = (): void => void (++done % PROGRESS_EVERY === 0 && onProgress?.(done, total));
  for (const { name, source } of members) {
    const model = models.get(name)!;
    const session = await openModelSession(model);
    try {
      for (const [i, own] of columns.entries())
        said.set(`${source}/${own.instrument}`, await predictOne({ name, source, model, session }, own, plan.instruments[i]!, step));
    } finally {
      await session.release();
    }
  }
  if (total > 0) onProgress?.(total, total);
  return (source, instrument, closeTime) => said.get(`${source}/${instrument}`)?.get(closeTime);
}

/**
 * Reads a model's file. Throws `MODEL_FILE_MISSING`, and what `inspectModel` of `@tradewind/onnx` throws.
 */
export function readModel(id: string, file: string): InspectedModel {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch {
    throw inputFailure("MODEL_FILE_MISSING", `no file of model ${id} can be read at "${file}"; correct the path`);
  }
  return inspectModel(bytes, `model ${id} (${file})`);
}

interface Voice {
  readonly name: string;
  readonly source: string;
  readonly model: InspectedModel;
  readonly session: ModelSession;
}

/** One model on one instrument, by close time; closes on which its matrix is not ready, or it has expired, are left out. */
async function predictOne(
  { name, source, model, session }: Voice,
  columns: CandleColumns,
  instrument: Instrument,
  step: () => void,
): Promise<Map<number, Prediction>> {
  const { sha256: modelHash, metadata } = model;
  const { matrix: plan, featureSchema, labels, expiresAt = Infinity } = metadata;
  const finest = plan.timeframes[0]!;
  if (timeframeMs(columns.timeframe) > timeframeMs(finest))
    throw inputFailure(
      "MODEL_TIMEFRAME",
      `model ${name} takes ${finest} candles and the data is ${columns.timeframe}; give finer data, or leave the model out`,
    );
  const walk = matrixWalk(plan, columns.timeframe, calendarNamed(instrument.calendar));
  const predictions = new Map<number, Prediction>();
  for (let row = 0; row < columns.length; row++) {
    for (const { matrix, candle } of walk.update(candleAt(columns, row))) {
      const { closeTime } = candle;
      if (closeTime > expiresAt) continue;
      const verdict = verdictOf(await session.run(matrix, 1), 0, labels);
      predictions.set(closeTime, { source, instrument: instrument.id, closeTime, ...verdict, modelHash, featureSchema });
    }
    step();
  }
  return predictions;
}

import type { LoadedVariant } from "@tradewind/config";
import { defaultMatrixPlan, type CandleColumns } from "@tradewind/core";
import { predict, type PredictionOf } from "@tradewind/lab";
import { inspectModel, referenceModel } from "@tradewind/onnx";

/** ONNX files by model id. */
export type ModelBytes = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/** A seeded classifier over the default feature matrix: it knows nothing, but it speaks on every close. */
export const referenceBytes = referenceModel({ matrix: defaultMatrixPlan, seed: 7, gain: 6 });

/** What models say on every close of a backtest. */
export function predictionsOf({ plan }: LoadedVariant, columns: readonly CandleColumns[], models: ModelBytes): Promise<PredictionOf> {
  return predict({ plan, columns, models: new Map(Object.entries(models).map(([id, bytes]) => [id, inspectModel(bytes, id)])) });
}

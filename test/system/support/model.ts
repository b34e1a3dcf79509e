import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoadedVariant } from "@tradewind/config";
import type { CandleColumns } from "@tradewind/core";
import { predict, type PredictionOf } from "@tradewind/lab";
import { inspectModel, referenceModel } from "@tradewind/onnx";
import { defaultMatrixPlan } from "@tradewind/core";

/** A seeded classifier over the default feature matrix: it knows nothing, but it speaks on every close. */
const bytes = referenceModel({ matrix: defaultMatrixPlan, seed: 7, gain: 6 });

let file: string | undefined;

/** Its ONNX file. */
export function modelFile(): string {
  if (file === undefined) {
    file = join(mkdtempSync(join(tmpdir(), "tradewind-model-")), "nn.onnx");
    writeFileSync(file, bytes);
  }
  return file;
}

/** What it says on every close of a backtest. */
export function predictionsOf({ plan }: LoadedVariant, columns: readonly CandleColumns[]): Promise<PredictionOf> {
  return predict({ plan, columns, models: new Map([["nn", inspectModel(bytes, "nn")]]) });
}

import { encodeMessage } from "@tradewind/contracts";
import { createPrng, defaultMatrixPlan, matrixSize } from "@tradewind/core";
import { openNetTrainer } from "@tradewind/onnx";

/** The model of these figures: an untrained lstm of the family's default size over the default features. */
export const matrix = defaultMatrixPlan;
export const MODEL = "bench-lstm";
export const BATCH = 64;
export const rowSize = matrixSize(matrix);

export async function modelFile(): Promise<Uint8Array> {
  const shape = { timeframes: matrix.timeframes.length, window: matrix.window, features: matrix.features.length };
  const mean = new Float32Array(shape.timeframes * shape.features);
  const normaliser = { mean, deviation: new Float32Array(mean.length).fill(1) };
  const labels = ["down", "flat", "up"];
  const trainer = await openNetTrainer({ family: "lstm", shape, labels, normaliser, batch: 8, seed: 1, optimiser: { learningRate: 1e-3 } });
  try {
    return trainer.export({ matrix, version: "1", notes: {} });
  } finally {
    await trainer.release();
  }
}

export function seededRows(rows: number): Float32Array {
  const prng = createPrng(5);
  return Float32Array.from({ length: rows * rowSize }, () => prng.normal());
}

/** A predict command as it goes over the bus. */
export function commandOf(matrices: Float32Array, rows: number): string {
  const text = Buffer.from(matrices.buffer, matrices.byteOffset, matrices.byteLength).toString("base64");
  const data = { verb: "predict", by: "bench", model: MODEL, parameters: { matrix: text, rows } };
  return encodeMessage("command", { id: "bench", time: 0, published: 0, source: "bench", run: "bench", data });
}

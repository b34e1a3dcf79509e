import { stripVTControlCharacters } from "node:util";
import { Failure } from "@tradewind/core";
import type { InspectedModel } from "./inspect.ts";

/** A model in memory, ready to run. */
export interface ModelSession {
  /** Where it runs. */
  readonly device: string;
  /** Class probabilities, row by row, of `rows` feature matrices one after the other. Throws `MODEL_RUN`, `MODEL_OUTPUT`. */
  run(matrices: Float32Array, rows: number): Promise<Float32Array>;
  release(): Promise<void>;
}

/** A class probability may leave 0..1, and their sum 1, by the rounding of the model's arithmetic. */
const ROUNDING = 1e-3;
const LOG_FATAL = 4;

/**
 * Loads a model on the CPU with one thread, so that equal input gives equal bits on one machine: backtest and service
 * open it with this function. The runtime's library is loaded by the first call. Throws `MODEL_LOAD`.
 */
export async function openModelSession(model: InspectedModel): Promise<ModelSession> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const { input, output, rowShape, rowSize, fixedRows, labels } = model.signature;
  const session = await InferenceSession.create(model.bytes, {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: LOG_FATAL,
  }).catch((error: unknown) => {
    throw new Failure("input", "MODEL_LOAD", `the model cannot be loaded: ${lineOf(error)}`);
  });

  async function runOnce(matrices: Float32Array, rows: number): Promise<Float32Array> {
    const tensor = new Tensor("float32", matrices, [rows, ...rowShape]);
    const results = await session.run({ [input]: tensor }, [output]).catch((error: unknown) => {
      throw new Failure("service", "MODEL_RUN", `the model failed: ${lineOf(error)}`);
    });
    const data = results[output]!.data;
    if (!(data instanceof Float32Array)) throw new Failure("service", "MODEL_OUTPUT", `the model gave no float32 numbers`);
    checkProbabilities(data, rows, labels.length);
    return data;
  }

  return {
    device: "cpu",
    async run(matrices, rows) {
      if (matrices.length !== rows * rowSize)
        throw new Failure("bug", "MODEL_INPUT", `${matrices.length} numbers do not make ${rows} matrices of ${rowSize}`);
      if (fixedRows === undefined || fixedRows === rows) return runOnce(matrices, rows);
      if (fixedRows !== 1)
        throw new Failure("input", "MODEL_INPUT", `the model takes ${fixedRows} rows at a time; export it with a free batch`);
      const all = new Float32Array(rows * labels.length);
      for (let i = 0; i < rows; i++) all.set(await runOnce(matrices.subarray(i * rowSize, (i + 1) * rowSize), 1), i * labels.length);
      return all;
    },
    release: () => session.release(),
  };
}

function checkProbabilities(data: Float32Array, rows: number, classes: number): void {
  const wrong = (what: string): Failure =>
    new Failure("service", "MODEL_OUTPUT", `the model gave ${what}; its outputs must be class probabilities`);
  if (data.length !== rows * classes) throw wrong(`${data.length} numbers for ${rows} rows of ${classes} classes`);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < classes; i++) {
      const value = data[row * classes + i]!;
      if (!(value >= -ROUNDING && value <= 1 + ROUNDING)) throw wrong(String(value));
      sum += value;
    }
    if (Math.abs(sum - 1) > ROUNDING * classes) throw wrong(`numbers that add up to ${sum}`);
  }
}

/** First line of what the runtime says, without its codes of colour. */
function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return stripVTControlCharacters(text.split("\n")[0] ?? "").slice(0, 300);
}

import { stripVTControlCharacters } from "node:util";
// Not core's whole index: the process of one model loads this file, and every module it loads is memory.
import { Failure } from "@tradewind/core/errors";
import type { InferenceSession } from "onnxruntime-node";
import type { InspectedModel, Signature } from "./inspect.ts";

/** A model in memory, ready to run. */
export interface ModelSession {
  /** Where it runs: cpu, cuda:0, webgpu. */
  readonly device: string;
  /** Why it does not run where it was asked to, in one line; undefined when it does. */
  readonly fallBack: string | undefined;
  /** Class probabilities, row by row, of `rows` feature matrices one after the other. Throws `MODEL_RUN`, `MODEL_OUTPUT`. */
  run(matrices: Float32Array, rows: number): Promise<Float32Array>;
  release(): Promise<void>;
}

/** A class probability may leave 0..1, and their sum 1, by the rounding of the model's arithmetic. */
const ROUNDING = 1e-3;
const LOG_FATAL = 4;
const CPU = "cpu";

/**
 * Loads a model with one thread: on the CPU, equal input gives equal bits on one machine, so backtest and service open
 * it with this function. On another `device` (cuda, cuda:N, webgpu) where that can be had, else on the CPU; the runtime
 * itself falls back on nothing. The runtime's library is loaded by the first call. Throws `MODEL_LOAD`.
 */
export async function openModelSession(model: Pick<InspectedModel, "bytes" | "signature">, device = CPU): Promise<ModelSession> {
  const { signature } = model;
  const opened = await open(model.bytes, device);
  const { fixedRows, rowSize, labels } = signature;
  const runOnce = await runnerOf(opened.session, signature);
  return {
    device: opened.device,
    fallBack: opened.fallBack,
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
    release: () => opened.session.release(),
  };
}

/** Loads the runtime's library, which the first session would. */
export async function loadRuntime(): Promise<void> {
  await import("onnxruntime-node");
}

/** How the runtime calls a device. */
type Provider = Extract<NonNullable<InferenceSession.SessionOptions["executionProviders"]>[number], string | object>;

/** Undefined for a name that is none. A device's number is that of the machine, as its driver counts. */
export function providerOf(device: string): Provider | undefined {
  const [, kind, number] = /^(cpu|webgpu|cuda)(?::(\d{1,2}))?$/.exec(device) ?? [];
  if (kind === "cuda") return { name: "cuda", deviceId: Number(number ?? 0) };
  return number === undefined ? kind : undefined;
}

interface Opened {
  readonly session: InferenceSession;
  readonly device: string;
  readonly fallBack: string | undefined;
}

async function open(bytes: Uint8Array, device: string): Promise<Opened> {
  const provider = providerOf(device);
  let fallBack: string | undefined;
  if (device !== CPU)
    try {
      if (provider === undefined) throw new Error("there is no such device; name cpu, cuda:N or webgpu");
      return { session: await create(bytes, provider), device: device === "cuda" ? "cuda:0" : device, fallBack };
    } catch (error) {
      fallBack = `${device} cannot be had, runs on the CPU: ${lineOf(error)}`;
    }
  try {
    return { session: await create(bytes, CPU), device: CPU, fallBack };
  } catch (error) {
    throw new Failure("input", "MODEL_LOAD", `the model cannot be loaded: ${lineOf(error)}`);
  }
}

async function create(bytes: Uint8Array, provider: Provider): Promise<InferenceSession> {
  const { InferenceSession } = await import("onnxruntime-node");
  return InferenceSession.create(bytes, {
    executionProviders: [provider],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: LOG_FATAL,
  });
}

async function runnerOf(
  session: InferenceSession,
  { input, output, rowShape, labels }: Signature,
): Promise<(matrices: Float32Array, rows: number) => Promise<Float32Array>> {
  const { Tensor } = await import("onnxruntime-node");
  return async (matrices, rows) => {
    const tensor = new Tensor("float32", matrices, [rows, ...rowShape]);
    const results = await session.run({ [input]: tensor }, [output]).catch((error: unknown) => {
      throw new Failure("service", "MODEL_RUN", `the model failed: ${lineOf(error)}`);
    });
    const data = results[output]!.data;
    if (!(data instanceof Float32Array)) throw new Failure("service", "MODEL_OUTPUT", `the model gave no float32 numbers`);
    checkProbabilities(data, rows, labels.length);
    return data;
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

/**
 * What of a GPU can be used on this machine, as one JSON object: `node test/bench/inference/gpu-try.ts [DEVICE...]`.
 * It needs Node and onnxruntime-node alone: without node_modules, name the folder of the latter in ONNXRUNTIME_NODE.
 * Without arguments it tries cuda:0, cuda:1, webgpu.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "../../..");
const WARM_RUNS = 5;
const RUNS = 50;
const BATCHES = [1, 64, 1_024];

/** Packages of this repository from their folders, the runtime from where it is said to be. */
registerHooks({
  resolve(specifier, context, next) {
    const [, name, part] = /^@tradewind\/([a-z-]+)(?:\/(.+))?$/.exec(specifier) ?? [];
    if (name !== undefined) {
      const file = part === undefined ? "index" : part;
      return next(pathToFileURL(join(root, "libs", name, "src", `${file}.ts`)).href, context);
    }
    const runtime = process.env["ONNXRUNTIME_NODE"];
    const named = specifier === "onnxruntime-node" && runtime !== undefined;
    return next(named ? pathToFileURL(join(runtime, "dist/index.js")).href : specifier, context);
  },
});

type Onnx = typeof import("@tradewind/onnx");
const { inspectModel, openModelSession, openNetTrainer } = await import("@tradewind/onnx");
const { defaultMatrixPlan, matrixSize, createPrng } = await import("@tradewind/core");

const matrix = defaultMatrixPlan;
const shape = { timeframes: matrix.timeframes.length, window: matrix.window, features: matrix.features.length };
const rowSize = matrixSize(matrix);
const prng = createPrng(3);
const rows = Float32Array.from({ length: Math.max(...BATCHES) * rowSize }, () => prng.normal());

/** An untrained net of a family, as the trainer exports it. */
async function fileOf(family: "cnn" | "lstm" | "transformer", precision: "fp32" | "fp16") {
  const deviation = new Float32Array(shape.timeframes * shape.features).fill(1);
  const normaliser = { mean: new Float32Array(deviation.length), deviation };
  const labels = ["down", "flat", "up"];
  const trainer = await openNetTrainer({ family, shape, labels, normaliser, batch: 8, seed: 1, optimiser: { learningRate: 1e-3 } });
  const bytes = trainer.export({ matrix, version: "1", notes: {}, precision });
  await trainer.release();
  return inspectModel(bytes, `${family} ${precision}`);
}

async function timed(session: Awaited<ReturnType<Onnx["openModelSession"]>>, batch: number) {
  const given = rows.subarray(0, batch * rowSize);
  const times: number[] = [];
  let output = new Float32Array(0);
  for (let i = -WARM_RUNS; i < RUNS; i++) {
    const from = performance.now();
    output = Float32Array.from(await session.run(given, batch));
    if (i >= 0) times.push(performance.now() - from);
  }
  return { output, medianUs: Math.round(1_000 * times.toSorted((a, b) => a - b)[RUNS >> 1]!) };
}

async function tryOn(device: string, model: Awaited<ReturnType<typeof fileOf>>, wanted: ReadonlyMap<number, Float32Array>) {
  const session = await openModelSession(model, device);
  const batches: Record<string, unknown> = {};
  const outputs = new Map<number, Float32Array>();
  try {
    for (const batch of BATCHES) {
      const { output, medianUs } = await timed(session, batch);
      outputs.set(batch, output);
      const other = wanted.get(batch);
      const difference = other && output.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
      batches[batch] = { medianUs, rowsPerSecond: Math.round((batch / medianUs) * 1e6), ...(other && { differenceToCpu: difference }) };
    }
  } catch (error) {
    batches["failed"] = error instanceof Error ? error.message : String(error);
  }
  const result = {
    device: session.device,
    fallBack: session.fallBack ?? null,
    residentMb: Math.round(process.memoryUsage().rss / 2 ** 20),
    batches,
  };
  await session.release();
  return { result, outputs };
}

function machine() {
  const said = (command: string, ...args: string[]): string => {
    try {
      return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch (error) {
      return error instanceof Error ? error.message.split("\n")[0]! : String(error);
    }
  };
  const libraries = said(
    "sh",
    "-c",
    "ldconfig -p | grep -oE 'lib(cuda|cudart|cudnn|cublas|cublasLt|cufft|curand|vulkan)\\.so[.0-9]*' | sort -u",
  );
  return {
    gpu: said("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"),
    libraries: libraries.split("\n"),
    providers: providerFiles(),
  };
}

function providerFiles(): string[] {
  const runtime = process.env["ONNXRUNTIME_NODE"] ?? dirname(dirname(import.meta.resolve("onnxruntime-node").replace("file://", "")));
  const folder = join(runtime, "bin/napi-v6", process.platform, process.arch);
  return existsSync(folder) ? readdirSync(folder) : [];
}

const devices = process.argv.length > 2 ? process.argv.slice(2) : ["cuda:0", "cuda:1", "webgpu"];
const models: Record<string, unknown> = {};
for (const family of ["cnn", "lstm", "transformer"] as const)
  for (const precision of ["fp32", "fp16"] as const) {
    const model = await fileOf(family, precision);
    const cpu = await tryOn("cpu", model, new Map());
    const tried: Record<string, unknown> = { cpu: cpu.result };
    for (const device of devices) tried[device] = (await tryOn(device, model, cpu.outputs)).result;
    models[`${family} ${precision}`] = tried;
  }
process.stdout.write(`${JSON.stringify({ machine: machine(), models }, null, 2)}\n`);

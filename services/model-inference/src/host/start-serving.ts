import { Failure, isFailure } from "@tradewind/core";
import { goldenDifference, type Golden, type Signature } from "@tradewind/onnx";
import type { Estimates } from "../budget/estimates.ts";
import type { Memory, Tenant } from "../budget/memory.ts";
import { bytesOfMib, mib } from "../budget/mib.ts";
import { startHostProcess, type HostProcess } from "./host-process.ts";

/** A model's file, fetched when it is loaded: the service itself keeps none. */
export interface ModelFile {
  readonly sha256: string;
  readonly signature: Signature;
  readonly golden: Golden | undefined;
  /** Size of the file. */
  readonly size: number;
  read(): Promise<Uint8Array>;
}

export interface ServingOptions {
  readonly file: ModelFile;
  /** For messages; may change while it is served. */
  readonly name: () => string;
  readonly device: string;
  /** Rows a run will have at most. */
  readonly maxRows: number;
  readonly hungMs: number;
  /** The most its host may take, bytes. */
  readonly limitBytes: () => number;
  readonly memory: Memory;
  readonly estimates: Estimates;
  readonly codeCache: string | undefined;
}

/** A host process that has been checked and measured. */
export interface Serving {
  readonly process: HostProcess;
  /** Rows a run may have: 1 where the file works for no more. */
  readonly maxRows: number;
}

/** The least that a host with a file of this size was ever seen to take; below that there is no use in trying. */
const LEAST_BYTES = bytesOfMib(76);
const LEAST_PER_FILE_BYTE = 2;
/** The largest run takes at most this share of the time after which a process counts as hung. */
const RUN_SHARE = 0.1;
/** What a host is given beyond its peak when it asks for more. */
const ROOM_BYTES = bytesOfMib(20);

/**
 * Reserves memory, loads the model in a process of its own, checks it against its golden vectors, makes its largest run,
 * and corrects the reservation by what that took. Throws `MODEL_MEMORY` (service) with both numbers when its limit is too
 * small, `MODEL_GOLDEN` (input), and what `reserve` and `startHostProcess` throw.
 */
export async function startServing(options: ServingOptions, tenant: Tenant, signal: AbortSignal): Promise<Serving> {
  const { file, estimates, memory, name } = options;
  for (;;) {
    const limit = options.limitBytes();
    const least = estimates.measured(file.sha256) ?? leastOf(file);
    if (least > limit)
      throw new Failure("service", "MODEL_MEMORY", `model ${name()} wants ${mib(least)} of memory to load, its limit is ${mib(limit)}`);
    const granted = Math.min(limit, estimates.loading(file.sha256, file.size));
    await memory.reserve(tenant, granted, signal);
    try {
      return await load(options, tenant, granted, signal);
    } catch (error) {
      memory.drop(tenant.key);
      if (!isFailure(error) || error.code !== "MODEL_MEMORY") throw error;
      estimates.exceeded(file.sha256, granted);
      if (granted >= limit)
        throw new Failure(
          "service",
          "MODEL_MEMORY",
          `model ${name()} wants more than ${mib(granted)} of memory, its limit is ${mib(limit)}`,
        );
    }
  }
}

async function load(options: ServingOptions, tenant: Tenant, granted: number, signal: AbortSignal): Promise<Serving> {
  const { file, name, device, hungMs, codeCache, memory, estimates } = options;
  const model = { bytes: await file.read(), signature: file.signature };
  const process = await startHostProcess({ model, name, device, limitBytes: granted, hungMs, codeCache, signal });
  const end = (): void => void process.stop();
  signal.addEventListener("abort", end);
  try {
    if (file.golden !== undefined) await checkGolden(process, file.golden, name());
    const maxRows = await largestRun(process, options, granted < options.limitBytes());
    const loading = process.peakBytes();
    await process.settle();
    const settled = process.peakBytes();
    if (loading !== undefined && settled !== undefined) {
      estimates.learn(file.sha256, loading);
      const keeps = Math.min(estimates.serving(file.sha256, settled), granted);
      await process.limit(keeps, (bytes) => grow(memory, tenant.key, bytes, options.limitBytes()));
      memory.correct(tenant.key, keeps);
    } else memory.correct(tenant.key, granted);
    return { process, maxRows };
  } catch (error) {
    await process.stop();
    throw error;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function grow(memory: Memory, key: string, bytes: number, limit: number): number | undefined {
  const wanted = Math.min(Math.max(bytes + ROOM_BYTES, memory.bytesOf(key)), limit);
  return wanted > bytes && memory.grow(key, wanted) ? wanted : undefined;
}

function leastOf({ size }: ModelFile): number {
  return LEAST_BYTES + LEAST_PER_FILE_BYTE * size;
}

async function checkGolden(process: HostProcess, golden: Golden, name: string): Promise<void> {
  const difference = goldenDifference(golden, await process.run(golden.matrices, golden.rows));
  if (difference > golden.tolerance)
    throw new Failure(
      "input",
      "MODEL_GOLDEN",
      `model ${name} differs by ${difference.toPrecision(3)} from its golden vectors, which allow ${golden.tolerance}; export it again`,
    );
}

/**
 * The largest run there will be, so that its memory is in the book. Tells how many rows the file takes at once: fewer
 * where they take too long; one, where more fail, or do not fit into a memory that cannot grow.
 */
async function largestRun(process: HostProcess, { file, maxRows, hungMs }: ServingOptions, mayGrow: boolean): Promise<number> {
  const once = (rows: number): Promise<number> => timedRun(process, new Float32Array(rows * file.signature.rowSize), rows);
  const inTime = (msPerRow: number): number => Math.max(1, Math.min(maxRows, Math.floor((hungMs * RUN_SHARE) / msPerRow)));
  let ms: number;
  try {
    ms = await once(1);
    if (maxRows === 1 || file.signature.fixedRows === 1) return 1;
    // The first run of all takes longer than the others.
    if (inTime(ms) < maxRows) ms = await once(1);
  } catch (error) {
    throw (isFailure(error) && process.memoryFailure(error.message)) || error;
  }
  const rows = inTime(ms);
  if (rows === 1) return 1;
  try {
    await once(rows);
    return rows;
  } catch (error) {
    if (!isFailure(error)) throw error;
    const wanting = process.memoryFailure(error.message);
    if (wanting !== undefined && mayGrow) throw wanting;
    if (error.code === "MODEL_RUN") return 1;
    throw error;
  }
}

/** Wall ms of a run. What it makes of zeros is not what it makes of features: bad outputs do not count. */
async function timedRun(process: HostProcess, matrices: Float32Array, rows: number): Promise<number> {
  const from = performance.now();
  try {
    await process.run(matrices, rows);
  } catch (error) {
    if (!isFailure(error) || error.code !== "MODEL_OUTPUT") throw error;
  }
  return performance.now() - from;
}

import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Failure } from "@tradewind/core";
import type { InspectedModel } from "@tradewind/onnx";
import { createCalls } from "./calls.ts";
import { peakBytes, resetPeak } from "./memory.ts";
import type { FromHost, ToHost } from "./protocol.ts";
import { watchMemory } from "./watch.ts";

/** One running host process with its model loaded. */
export interface HostProcess {
  readonly pid: number;
  readonly device: string;
  /** Why it does not run on the device asked for. */
  readonly fallBack: string | undefined;
  /** Throws `HOST_LOST` (retry) when the process ends or hangs meanwhile, else what the model's run throws. */
  run(matrices: Float32Array, rows: number): Promise<Float32Array>;
  /** The most memory it has had so far, bytes; undefined where the system does not tell. */
  peakBytes(): number | undefined;
  /**
   * It is killed when its peak passes this. Before that, `grow` is asked with its peak: what it gives is the new limit.
   */
  limit(bytes: number, grow?: (peakBytes: number) => number | undefined): Promise<void>;
  /** Frees what loading has left behind; the peak counts anew from here on. */
  settle(): Promise<void>;
  /** What a failed run says, if it is a want of memory: `MODEL_MEMORY`. */
  memoryFailure(why: string): Failure | undefined;
  /** Resolves with why, when the process has ended: `MODEL_MEMORY` (service) or `HOST_LOST` (retry). */
  readonly ended: Promise<Failure>;
  stop(): Promise<void>;
}

export interface HostOptions {
  readonly model: Pick<InspectedModel, "bytes" | "signature">;
  /** For messages; may change. */
  readonly name: () => string;
  readonly device: string;
  /** The most memory it may ever have, bytes. */
  readonly limitBytes: number;
  /** Ends the process while it loads. */
  readonly signal: AbortSignal;
  /** A run or a load without an answer for so long counts as hung: the process is killed. */
  readonly hungMs: number;
  /** Where compiled code is kept from one host to the next; without it each compiles its own. */
  readonly codeCache?: string | undefined;
}

const PROGRAM = fileURLToPath(new URL("./main.ts", import.meta.url));
/** After it has been asked to end. */
const STOP_MOST_MS = 1_000;
const STDERR_KEPT = 2_000;
/** What the program and its libraries are found by; the rest, secrets among it, is not a model's business. */
const PASSED_ON = ["PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR", "SystemRoot", "CUDA_VISIBLE_DEVICES"];
/**
 * glibc gives freed memory back at once and has one arena, so that what a host takes is what its model takes; its own
 * code wants a small heap and few threads.
 */
const SMALL = { MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "1", UV_THREADPOOL_SIZE: "1" };
const SMALL_HEAP = [
  "--max-old-space-size=24",
  "--max-semi-space-size=1",
  "--v8-pool-size=1",
  "--expose-gc",
  "--disable-warning=ExperimentalWarning",
];

/**
 * Starts a process and loads the model in it. Throws what loading throws, `MODEL_MEMORY` when that takes more than it
 * may, and `HOST_LOST` when the process does not live.
 */
export async function startHostProcess(options: HostOptions): Promise<HostProcess> {
  const { model, name, device, limitBytes, hungMs, signal } = options;
  const child = forkHost(options.codeCache);
  const kill = (): void => void child.kill("SIGKILL");
  const tell = (message: ToHost): void => void child.send(message, () => undefined);
  const up = Promise.withResolvers<void>();
  const loaded = Promise.withResolvers<{ readonly device: string; readonly fallBack: string | undefined }>();
  let hung = false;
  const killHung = (): void => {
    hung = true;
    kill();
  };
  const calls = createCalls(hungMs, killHung);
  const watch = child.pid === undefined ? undefined : watchMemory(child.pid, name, device === "cpu");
  const ended = endOf(child).then((why): Failure => {
    watch?.stop();
    if (hung) return lost(name(), `gave no answer for ${hungMs / 1_000} s and was killed`);
    return watch?.failureOf(why) ?? lost(name(), `ended: ${why}`);
  });
  void ended.then((failure) => {
    up.reject(failure);
    loaded.reject(failure);
    calls.lose(failure);
  });
  loaded.promise.catch(() => undefined);
  child.on("message", (message: FromHost) => {
    if (message.type === "up") up.resolve();
    else if (message.type === "loaded") loaded.resolve(message);
    else if (message.type === "refused")
      loaded.reject(watch?.failureOf(message.message) ?? new Failure("input", message.code, message.message));
    else calls.take(message);
  });

  const stop = async (): Promise<void> => {
    tell({ type: "release" });
    await endedOr(ended, kill);
  };

  const loading = setTimeout(killHung, hungMs);
  signal.addEventListener("abort", kill);
  try {
    await up.promise;
    await watch?.limit(limitBytes);
    tell({ type: "load", bytes: model.bytes, signature: model.signature, device });
    const won = await loaded.promise;
    const pid = child.pid!;
    return {
      pid,
      device: won.device,
      fallBack: won.fallBack,
      ended,
      stop,
      peakBytes: () => peakBytes(pid),
      memoryFailure: (why) => watch!.failureOf(why),
      limit: (bytes, grow) => watch!.limit(bytes, grow),
      async settle() {
        await calls.run((id) => tell({ type: "settle", id }));
        resetPeak(pid);
      },
      run: (matrices, rows) => calls.run((id) => (child.connected ? tell({ type: "run", id, matrices, rows }) : kill())),
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(loading);
    signal.removeEventListener("abort", kill);
  }
}

/** Waits for the end of a process; one that takes its time is killed. */
async function endedOr(ended: Promise<Failure>, kill: () => void): Promise<void> {
  const timer = setTimeout(kill, STOP_MOST_MS);
  await ended;
  clearTimeout(timer);
}

function lost(name: string, what: string): Failure {
  return new Failure("retry", "HOST_LOST", `the host process of model ${name} ${what}`);
}

function forkHost(codeCache: string | undefined): ChildProcess {
  const env: NodeJS.ProcessEnv = { ...SMALL, ...(codeCache !== undefined && { NODE_COMPILE_CACHE: codeCache }) };
  for (const key of PASSED_ON) if (process.env[key] !== undefined) env[key] = process.env[key];
  return fork(PROGRAM, [], { serialization: "advanced", execArgv: SMALL_HEAP, env, stdio: ["ignore", "ignore", "pipe", "ipc"] });
}

/** Why a process ended, in a few words, with the last line it wrote. */
function endOf(child: ChildProcess): Promise<string> {
  let written = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (written = (written + text).slice(-STDERR_KEPT)));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => {
      const lines = written.trim().split("\n");
      const last = lines.find((line) => /FATAL|terminate|what\(\)|Error: /.test(line)) ?? lines.at(-1) ?? "";
      resolve(`${signal ?? `exit code ${code}`}${last === "" ? "" : `, ${last.slice(0, 200)}`}`);
    });
  });
}

import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Failure } from "@tradewind/core";
import type { InspectedModel } from "@tradewind/onnx";
import type { FromHost, ToHost } from "./protocol.ts";

/** One running host process with its model loaded. */
export interface HostProcess {
  readonly pid: number;
  readonly device: string;
  /** Throws `HOST_LOST` (retry) when the process ends or hangs meanwhile, else what the model's run throws. */
  run(matrices: Float32Array, rows: number): Promise<Float32Array>;
  /** Resolves with why, when the process has ended. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

export interface HostLimits {
  /** A run or a load without an answer for so long counts as hung: the process is killed. */
  readonly hungMs: number;
}

const PROGRAM = fileURLToPath(new URL("./main.ts", import.meta.url));
/** glibc keeps freed memory otherwise, and nobody could say what a model takes. */
const TRIM_THRESHOLD = "131072";
/** After it has been asked to end. */
const STOP_MOST_MS = 1_000;
const STDERR_KEPT = 2_000;
/** What the program and its libraries are found by; the rest, secrets among it, is not a model's business. */
const PASSED_ON = ["PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR", "SystemRoot"];

interface Waiting {
  readonly resolve: (probabilities: Float32Array) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** Starts a process and loads the model in it. Throws what loading throws, and `HOST_LOST` when the process does not live. */
export async function startHostProcess(model: InspectedModel, name: string, limits: HostLimits): Promise<HostProcess> {
  const env: NodeJS.ProcessEnv = { MALLOC_TRIM_THRESHOLD_: TRIM_THRESHOLD };
  for (const key of PASSED_ON) if (process.env[key] !== undefined) env[key] = process.env[key];
  const child = fork(PROGRAM, [], { serialization: "advanced", execArgv: [], env, stdio: ["ignore", "ignore", "pipe", "ipc"] });
  const waiting = new Map<number, Waiting>();
  const loaded = Promise.withResolvers<string>();
  const ended = endOf(child);
  let nextId = 1;
  let gone: Failure | undefined;

  const tell = (message: ToHost): void => void child.send(message, () => undefined);
  const hung = (): void => void child.kill("SIGKILL");
  const loading = setTimeout(hung, limits.hungMs);

  child.on("message", (message: FromHost) => {
    if (message.type === "loaded") loaded.resolve(message.device);
    else if (message.type === "refused") loaded.reject(new Failure("input", message.code, message.message));
    else {
      const request = waiting.get(message.id);
      waiting.delete(message.id);
      clearTimeout(request?.timer);
      if (message.type === "done") request?.resolve(message.probabilities);
      else request?.reject(new Failure("service", message.code, message.message));
    }
  });
  void ended.then((why) => {
    const lost = new Failure("retry", "HOST_LOST", `the host process of model ${name} ended: ${why}`);
    gone = lost;
    loaded.reject(lost);
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer);
      reject(lost);
    }
    waiting.clear();
  });

  async function stop(): Promise<void> {
    tell({ type: "release" });
    const timer = setTimeout(hung, STOP_MOST_MS);
    await ended;
    clearTimeout(timer);
  }

  tell({ type: "load", name, file: model.bytes });
  try {
    const device = await loaded.promise;
    return {
      pid: child.pid!,
      device,
      ended,
      stop,
      run(matrices, rows) {
        const id = nextId++;
        return new Promise((resolve, reject) => {
          if (gone !== undefined) return reject(gone);
          waiting.set(id, { resolve, reject, timer: setTimeout(hung, limits.hungMs) });
          if (child.connected) tell({ type: "run", id, matrices, rows });
          else hung();
        });
      },
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(loading);
  }
}

/** Why a process ended, in a few words, with the last line it wrote. */
function endOf(child: ChildProcess): Promise<string> {
  let written = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (written = (written + text).slice(-STDERR_KEPT)));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => {
      const last = written.trim().split("\n").at(-1) ?? "";
      resolve(`${signal ?? `exit code ${code}`}${last === "" ? "" : `, ${last.slice(0, 200)}`}`);
    });
  });
}

import { fork } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { Failure, type FailureAction } from "@tradewind/core";
import type { TrainingProgress } from "../train/run.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

export interface Work {
  readonly pid: number;
  /** Throws what the training throws, `TRAINING_LOST` (retry) when its process ends without a word. */
  readonly done: Promise<Extract<FromWorker, { type: "done" }>>;
  /** Keeps a checkpoint and ends. */
  stop(): void;
  /** At once. */
  kill(): void;
}

const PROGRAM = fileURLToPath(new URL("./worker.ts", import.meta.url));
/** What the program and its libraries are found by; the rest, secrets among it, is not a training's business. */
const PASSED_ON = ["PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR", "SystemRoot"];
const STDERR_KEPT = 500;
/** Trains in a process of its own, of the priority `nice`. */
export function startWorker(
  order: Extract<ToWorker, { type: "train" }>,
  nice: number,
  onProgress: (progress: TrainingProgress) => void,
): Work {
  const env = Object.fromEntries(PASSED_ON.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])));
  const child = fork(PROGRAM, [], { serialization: "advanced", execArgv: [], env, stdio: ["ignore", "ignore", "pipe", "ipc"] });
  const done = Promise.withResolvers<Extract<FromWorker, { type: "done" }>>();
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-STDERR_KEPT)));
  const lost = (why: string): void => done.reject(new Failure("retry", "TRAINING_LOST", `the training's process ended: ${why}`));
  const tell = (message: ToWorker): void => void (child.connected && child.send(message, () => undefined));
  child.on("message", (message: FromWorker) => {
    if (message.type === "progress") onProgress(message.progress);
    else if (message.type === "done") done.resolve(message);
    else done.reject(new Failure(message.action as FailureAction, message.code, message.message));
  });
  child.on("error", (error) => lost(error.message));
  child.on("close", (code, signal) =>
    lost(`${signal ?? `exit code ${code}`}${said.trim() === "" ? "" : `, ${said.trim().split("\n").at(-1)}`}`),
  );
  try {
    if (child.pid !== undefined) setPriority(child.pid, nice);
  } catch {
    // It may have ended already, which `close` tells.
  }
  done.promise.catch(() => undefined);
  tell(order);
  return { pid: child.pid ?? 0, done: done.promise, stop: () => tell({ type: "stop" }), kill: () => void child.kill("SIGKILL") };
}

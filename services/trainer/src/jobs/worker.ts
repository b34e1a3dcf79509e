import { isFailure } from "@tradewind/core";
import { finish } from "../train/finish.ts";
import { prepare } from "../train/prepare.ts";
import { completeTraining } from "../train/request.ts";
import { train } from "../train/run.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** The process of one training: it blocks, and what it takes of memory is free again when it ends. */

const stop = new AbortController();

function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) return resolve();
    process.send(message, undefined, undefined, () => resolve());
  });
}

async function work({ wish, dir, checkpointEveryMs }: Extract<ToWorker, { type: "train" }>): Promise<void> {
  const startedAt = Date.now();
  try {
    const phase = (name: string): void => void send({ type: "progress", progress: { phase: name, done: 0, total: 1, share: 0 } });
    const prepared = await prepare(completeTraining(wish), phase);
    const tell = (progress: Parameters<Parameters<typeof train>[1]["tell"]>[0]): void => void send({ type: "progress", progress });
    const trained = await train(prepared, { tell, signal: stop.signal, dir, checkpointEveryMs, fresh: false });
    const { result, onnx, card } = await finish(prepared, trained, dir, startedAt);
    await send({ type: "done", result, onnx, card, resumedFrom: trained.resumedFrom });
  } catch (error) {
    const { action, code, message } = isFailure(error) ? error : { action: "bug", code: "TRAINING_FAILED", message: String(error) };
    await send({ type: "failed", action, code, message });
  }
  process.disconnect?.();
}

process.title = "tradewind training";
process.on("message", (message: ToWorker) => void (message.type === "stop" ? stop.abort() : work(message)));
// Nobody is left to tell; the checkpoint is for whoever takes the job next.
process.on("disconnect", () => stop.abort());
// The service ends this process; a terminal's Ctrl-C reaches the whole group at once.
process.on("SIGINT", () => undefined);

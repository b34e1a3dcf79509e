import { isFailure } from "@tradewind/core";
import { finish, prepare, train, type Finished, type Training } from "@tradewind/trainer";
import { exitCodes, type Io } from "../command.ts";
import { endRequests } from "../start/signals.ts";
import { progressText } from "./text.ts";

export interface TrainHere {
  readonly dir: string;
  readonly checkpointEveryMs: number;
  readonly fresh: boolean;
}

/** Trains in this process, with its progress on the terminal. Undefined when a person stopped it: that was told. */
export async function trainHere(training: Training, { dir, checkpointEveryMs, fresh }: TrainHere, io: Io): Promise<Finished | undefined> {
  const startedAt = Date.now();
  const stop = new AbortController();
  const end = endRequests(io.env, () => process.exit(exitCodes.interrupted));
  void end.asked.then(() => stop.abort());
  try {
    const prepared = await prepare(training, (phase) => io.progress(phase));
    for (const notice of prepared.notices) io.say(notice);
    const trained = await train(prepared, {
      tell: (progress) => io.progress(progressText(prepared.name, progress, (Date.now() - startedAt) / 1_000)),
      signal: stop.signal,
      dir,
      checkpointEveryMs,
      fresh,
    });
    io.progress("");
    if (trained.resumedFrom !== undefined) io.say(`went on from a checkpoint at ${Math.floor(100 * trained.resumedFrom)} %`);
    return await finish(prepared, trained, dir, startedAt);
  } catch (error) {
    if (!isFailure(error) || error.code !== "TRAINING_STOPPED") throw error;
    io.progress("");
    io.say(error.message);
    return undefined;
  } finally {
    end.stop();
  }
}

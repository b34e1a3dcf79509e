import type { JobRecord } from "@tradewind/contracts";
import { inputFailure, isFailure } from "@tradewind/core";
import { isEnded, lineOf, readJob as recordOf, updateJob, type ServiceContext } from "@tradewind/kit";
import { completeTraining } from "../train/request.ts";
import { readJob, type TrainingJob } from "./wish.ts";

/** What a job is worked with. */
export type JobContext = Pick<ServiceContext, "bus" | "config" | "clock" | "log" | "state" | "signal" | "instance" | "run">;

/** A job that was begun so often and never ended takes its workers down by itself, or asks for what cannot be had. */
const TAKINGS_MOST = 5;

/**
 * Marks the job as begun and checks it. Market and registry go on, so what it learns from is written down with it.
 * Undefined when somebody ended it meanwhile.
 */
export async function begin(
  { bus, config, clock, instance }: JobContext,
  { id, takings = 0, message }: JobRecord,
): Promise<TrainingJob | undefined> {
  const begun = await updateJob(bus, id, { state: "running", worker: instance, takings: takings + 1, message: "begins" });
  if (begun === undefined || isEnded(begun)) return undefined;
  if (takings >= TAKINGS_MOST)
    throw inputFailure(
      "JOB_WORN",
      `it was begun ${takings} times and never came to an end, the last time at "${message}"; ask for less, or see the trainers' logs`,
    );
  const job = await readJob(begun.parameters, { bus, config }, clock.now());
  completeTraining(job.wish);
  const record = await updateJob(bus, id, { parameters: job.parameters });
  return record === undefined || isEnded(record) ? undefined : job;
}

/** Whether somebody else, or this worker later, should go on with what failed; and counts it when that is so often. */
export async function givesBack({ bus, signal }: JobContext, id: string, error: unknown): Promise<boolean> {
  if (!isFailure(error) || error.action !== "retry") return false;
  const takings = (await recordOf(bus, id))?.takings ?? 0;
  // A worker that is to end takes the training's process with it, one way or another.
  const own = signal.aborted || error.code === "TRAINING_STOPPED";
  if (takings >= TAKINGS_MOST && !own) return false;
  const line = own ? "its worker ends" : lineOf(error);
  await updateJob(bus, id, { message: `${line}; goes on from its checkpoint`, takings: own ? Math.max(0, takings - 1) : takings });
  return true;
}

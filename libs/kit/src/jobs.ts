import type { Bus } from "@tradewind/bus";
import { encodeMessage, subjectOf, type JobRecord } from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";
import type { ServiceContext } from "./context.ts";
import { updateValue } from "./update-value.ts";

/** A job that is wanted; its id is a function of what asks for it, so that asking twice makes one job. */
export type WantedJob = Pick<JobRecord, "id" | "kind" | "parameters" | "by">;

const ended: readonly JobRecord["state"][] = ["done", "failed", "cancelled"];
export const isEnded = ({ state }: Pick<JobRecord, "state">): boolean => ended.includes(state);

/** What is no record is nobody's job, and keeps nobody from seeing the others. */
function decode(text: string): JobRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is JobRecord {
  if (typeof value !== "object" || value === null) return false;
  const { id, kind, by, state, message, askedAt, changedAt, parameters } = value as Record<string, unknown>;
  if (![id, kind, by, state, message].every((part) => typeof part === "string")) return false;
  return [askedAt, changedAt].every(Number.isFinite) && typeof parameters === "object" && parameters !== null;
}

/** Puts a job into its queue with a record. The same id again gives the record there is. */
export async function askJob({ bus, run, instance }: Pick<ServiceContext, "bus" | "run" | "instance">, job: WantedJob): Promise<JobRecord> {
  const now = Date.now();
  const { id, kind, by, parameters } = job;
  const queued: JobRecord = { id, kind, parameters, by, state: "queued", askedAt: now, changedAt: now, message: "waits for a worker" };
  const record = (await updateValue(bus.kv("jobs"), id, decode, (present) => present ?? queued))!;
  if (record.state === "queued") {
    const data = { id, kind, by, parameters: { ...parameters } };
    const text = encodeMessage("job", { id: `j/${id}`, time: now, published: now, source: instance, run: run.run, data });
    await bus.append(subjectOf("job", { kind }), text, { id: `j/${id}` });
  }
  return record;
}

export async function readJob(bus: Bus, id: string): Promise<JobRecord | undefined> {
  const entry = await bus.kv("jobs").get(id);
  return entry && decode(entry.value);
}

/** Every job there is a record of, the latest asked for first. */
export async function readJobs(bus: Bus): Promise<JobRecord[]> {
  return (await bus.kv("jobs").entries()).flatMap(({ value }) => decode(value) ?? []).sort((a, b) => b.askedAt - a.askedAt);
}

/** Changes a job's record unless it has ended. Gives it as it is then; undefined when there is none. */
export function updateJob(bus: Bus, id: string, change: Partial<Omit<JobRecord, "id" | "askedAt">>): Promise<JobRecord | undefined> {
  return updateValue(bus.kv("jobs"), id, decode, (job) =>
    job === undefined || isEnded(job) ? job : { ...job, ...change, changedAt: Date.now() },
  );
}

/** Its worker ends when it sees this; one that waits is never begun. Throws `UNKNOWN_JOB`, `JOB_ENDED` (input). */
export async function cancelJob(bus: Bus, id: string, by: string): Promise<JobRecord> {
  let before: JobRecord | undefined;
  const job = await updateValue(bus.kv("jobs"), id, decode, (present): JobRecord | undefined => {
    before = present;
    return present === undefined || isEnded(present)
      ? present
      : { ...present, state: "cancelled", message: `cancelled by ${by}`, changedAt: Date.now() };
  });
  if (job === undefined) throw jobUnknown(id);
  if (before !== undefined && isEnded(before)) throw inputFailure("JOB_ENDED", `job ${id} has ended already: ${job.state}, ${job.message}`);
  return job;
}

export function jobUnknown(id: string): Error {
  return inputFailure("UNKNOWN_JOB", `there is no job "${id}"; "tradewind jobs list" shows them`);
}

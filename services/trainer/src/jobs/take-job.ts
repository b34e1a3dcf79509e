import { decodeMessage, encodeMessage, subjectOf, type JobRecord, type PayloadOf } from "@tradewind/contracts";
import { isFailure, type Failure } from "@tradewind/core";
import { isEnded, keepModel, lineOf, readJob as recordOf, updateJob, type ServiceContext } from "@tradewind/kit";
import { inspectModel, versionFacts } from "@tradewind/onnx";
import type { TrainerMetrics } from "../metrics.ts";
import { completeTraining } from "../train/request.ts";
import type { TrainingProgress } from "../train/run.ts";
import type { FromWorker } from "./protocol.ts";
import { startWorker } from "./start-worker.ts";
import { readJob, type TrainingJob } from "./wish.ts";

type Context = Pick<ServiceContext, "bus" | "config" | "clock" | "log" | "state" | "signal" | "instance" | "run">;

export interface JobOptions {
  readonly context: Context;
  readonly metrics: TrainerMetrics;
  /** Absolute folder of models and checkpoints. */
  readonly dir: string;
  readonly checkpointEveryMs: number;
  /** Priority of a training's process, as of `nice`. */
  readonly nice: number;
}

const BEAT_MS = 1_000;
const TELL_EVERY_MS = 250;
/** A job whose process is lost so often takes it down by itself. */
const LOSSES_MOST = 3;

/**
 * Works one message of `tw.job.train`. What is wrong with the job ends in its record; what may go better elsewhere (the
 * bus is away, this service ends, the process was killed) is thrown, so that the message is given again.
 */
export async function takeJob(options: JobOptions, text: string, renew: () => void): Promise<void> {
  const { context, metrics } = options;
  const { bus, log, state, instance } = context;
  const decoded = decodeMessage("job", text);
  if (!decoded.ok) return log.warn(`a job is left out: ${decoded.problem}`);
  const { id } = decoded.envelope.data;
  const before = await recordOf(bus, id);
  if (before === undefined || isEnded(before)) return log.info(`job ${id} is ${before?.state ?? "unknown"} already`);
  const family = String(before.parameters["family"]);
  const startedAt = performance.now();
  metrics.running.inc();
  try {
    const { job, record } = await begin(context, before);
    log.info(`job ${id}: trains ${job.model}, ${family}`);
    state.partitions([id]);
    const done = await trainAndKeep(options, record, job, renew);
    metrics.jobs.inc({ family, outcome: done === undefined ? "ended_elsewhere" : "done" });
    if (done === undefined) return;
    metrics.seconds.observe({ family }, (performance.now() - startedAt) / 1_000);
    log.info(`job ${id}: ${done}`);
    state.note(`job ${id}: ${done}`);
  } catch (error) {
    if (isFailure(error) && error.action === "retry" && !(await worn(context, id, error))) {
      log.info(`job ${id} is given back: ${lineOf(error)}`);
      throw error;
    }
    metrics.jobs.inc({ family, outcome: "failed" });
    log.warn(`job ${id} failed: ${lineOf(error)}`);
    state.note(`job ${id} failed: ${lineOf(error)}`);
    await updateJob(bus, id, { state: "failed", message: lineOf(error), worker: instance });
  } finally {
    metrics.running.dec();
    state.partitions([]);
  }
}

/** Checks the job and marks it as begun. The market goes on, so where its candles end is written down with it. */
async function begin(context: Context, before: JobRecord): Promise<{ readonly job: TrainingJob; readonly record: JobRecord }> {
  const { bus, config, clock, instance } = context;
  const parameters = { ...before.parameters, to: before.parameters["to"] ?? new Date(clock.now()).toISOString() };
  const job = await readJob(parameters, config, clock.now());
  completeTraining(job.wish);
  const record = await updateJob(bus, before.id, { state: "running", worker: instance, parameters, message: "begins" });
  return { job, record: record ?? before };
}

/** A line on what came out; undefined when the job was cancelled, or done by another, meanwhile. */
async function trainAndKeep(options: JobOptions, { id, by }: JobRecord, job: TrainingJob, renew: () => void): Promise<string | undefined> {
  const { context, metrics, dir, checkpointEveryMs, nice } = options;
  let progress: TrainingProgress | undefined;
  let over = false;
  let toldAt = -Infinity;
  const work = startWorker({ type: "train", wish: job.wish, dir, checkpointEveryMs }, nice, (next) => {
    progress = next;
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    tellProgress(options, id, job, next);
  });
  const beat = setInterval(() => {
    renew();
    void look(context, id, progress).then((ended) => {
      if (!ended) return;
      over = true;
      work.kill();
    });
  }, BEAT_MS);
  const leave = (): void => work.stop();
  context.signal.addEventListener("abort", leave, { once: true });
  try {
    if (context.signal.aborted) leave();
    const done = await work.done;
    // The last word is told, however short the training was.
    if (progress !== undefined) tellProgress(options, id, job, progress);
    return await keep(context, id, by, job, done);
  } catch (error) {
    if (over) return undefined;
    throw error;
  } finally {
    clearInterval(beat);
    metrics.progress.remove({ model: job.model });
    context.signal.removeEventListener("abort", leave);
    work.kill();
  }
}

/** Writes down how far it is; tells whether somebody ended the job meanwhile. The bus may be away: then nobody has. */
async function look({ bus, instance }: Context, id: string, progress: TrainingProgress | undefined): Promise<boolean> {
  if (progress === undefined) return false;
  const change = { progress: Number(progress.share.toFixed(4)), message: progress.phase, worker: instance };
  return updateJob(bus, id, change).then(
    (record) => record !== undefined && isEnded(record),
    () => false,
  );
}

function tellProgress({ context, metrics }: JobOptions, id: string, { model, wish }: TrainingJob, progress: TrainingProgress): void {
  const { bus, clock, instance, run } = context;
  const { phase, share, loss, validationLoss, accuracy } = progress;
  const data: PayloadOf<"training"> = {
    job: id,
    model,
    family: wish.family,
    phase,
    done: Math.round(1_000 * share),
    total: 1_000,
    ...(loss !== undefined && { loss }),
    ...(validationLoss !== undefined && { validationLoss }),
    ...(accuracy !== undefined && { accuracy }),
  };
  const head = { id: `t/${id}/${data.done}`, time: clock.now(), published: Date.now(), source: instance, run: run.run };
  metrics.progress.set({ model }, share);
  if (loss !== undefined) metrics.loss.set({ model, of: "training" }, loss);
  if (validationLoss !== undefined) metrics.loss.set({ model, of: "validation" }, validationLoss);
  if (bus.connected) bus.publish(subjectOf("training", { model }), encodeMessage("training", { ...head, data }));
}

/** Puts the files into the blob buckets and the version into the model's record, then the job is done. */
async function keep(
  { bus, instance }: Context,
  id: string,
  by: string,
  { model, state }: TrainingJob,
  { result, onnx, card, resumedFrom }: Extract<FromWorker, { type: "done" }>,
): Promise<string> {
  const facts = versionFacts(inspectModel(onnx, `model ${model}`));
  await bus.blobs("model-cards").put(facts.sha256, new TextEncoder().encode(card));
  const note = { by: instance, reason: `trained by job ${id} (${by})`, at: Date.now() };
  await keepModel(bus, model, facts, onnx, state, note);
  const { weights_hash: weightsHash, metrics, baseline } = result;
  const cautions = result.cautions.map(({ code }) => code);
  const message = `model ${model}: version ${facts.sha256.slice(0, 8)} is kept as ${state}; beats the naive baseline: ${baseline.beats_naive}${cautions.length === 0 ? "" : ` (${cautions.join(", ")})`}`;
  const outcome = {
    model,
    sha256: facts.sha256,
    weightsHash,
    dataHash: result.data_hash,
    verdict: baseline.beats_naive,
    cautions,
    metrics,
    ...(resumedFrom !== undefined && { resumedFrom }),
  };
  await updateJob(bus, id, { state: "done", progress: 1, message, result: outcome });
  return message;
}

/** Counts a loss of the training's own process in the job's record; true when there were too many. */
async function worn({ bus }: Context, id: string, error: Failure): Promise<boolean> {
  if (error.code !== "TRAINING_LOST") return false;
  const parameters = (await recordOf(bus, id))?.parameters ?? {};
  const losses = Number(parameters["losses"] ?? 0) + 1;
  await updateJob(bus, id, { parameters: { ...parameters, losses }, message: `${lineOf(error)}; goes on from its checkpoint` });
  return losses >= LOSSES_MOST;
}

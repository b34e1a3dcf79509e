import { decodeMessage, encodeMessage, subjectOf, type JobRecord, type PayloadOf } from "@tradewind/contracts";
import { isEnded, keepModel, lineOf, readJob as recordOf, updateJob } from "@tradewind/kit";
import { inspectModel, versionFacts } from "@tradewind/onnx";
import type { TrainerMetrics } from "../metrics.ts";
import { families } from "../learners/registry.ts";
import type { TrainingProgress } from "../train/run.ts";
import type { FromWorker } from "./protocol.ts";
import { startWorker } from "./start-worker.ts";
import { begin, givesBack, type JobContext } from "./takings.ts";
import type { TrainingJob } from "./wish.ts";

export interface JobOptions {
  readonly context: JobContext;
  readonly metrics: TrainerMetrics;
  /** Absolute folder of models and checkpoints. */
  readonly dir: string;
  readonly checkpointEveryMs: number;
  /** Priority of a training's process, as of `nice`. */
  readonly nice: number;
}

const BEAT_MS = 1_000;
const TELL_EVERY_MS = 250;

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
  const family = familyOf(before);
  const startedAt = performance.now();
  metrics.running.inc();
  try {
    const job = await begin(context, before);
    if (job !== undefined) log.info(`job ${id}: trains ${job.model}, ${family}`);
    state.partitions([id]);
    const done = job && (await trainAndKeep(options, before, job, renew));
    metrics.jobs.inc({ family, outcome: done === undefined ? "ended_elsewhere" : "done" });
    if (done === undefined) return;
    metrics.seconds.observe({ family }, (performance.now() - startedAt) / 1_000);
    log.info(`job ${id}: ${done}`);
    state.note(`job ${id}: ${done}`);
  } catch (error) {
    if (await givesBack(context, id, error)) {
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

/** A label of metrics, which must not be whatever somebody writes. */
function familyOf({ parameters }: JobRecord): string {
  const family = parameters["family"];
  return typeof family === "string" && Object.hasOwn(families, family) ? family : "unknown";
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
async function look({ bus, instance }: JobContext, id: string, progress: TrainingProgress | undefined): Promise<boolean> {
  const seen =
    progress === undefined
      ? recordOf(bus, id)
      : updateJob(bus, id, { progress: Number(progress.share.toFixed(4)), message: progress.phase, worker: instance });
  return seen.then(
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

/** Puts the files into the blob buckets and the version into the model's record, then the job is done; nothing of one that was ended. */
async function keep(
  { bus, instance }: JobContext,
  id: string,
  by: string,
  { model, state }: TrainingJob,
  { result, onnx, card, resumedFrom }: Extract<FromWorker, { type: "done" }>,
): Promise<string | undefined> {
  const now = await recordOf(bus, id);
  if (now === undefined || isEnded(now)) return undefined;
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
  const ended = await updateJob(bus, id, { state: "done", progress: 1, message, result: outcome });
  return ended?.state === "done" ? message : undefined;
}

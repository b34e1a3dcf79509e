import type { Bus } from "@tradewind/bus";
import type { JobRecord, ModelRecord, ModelScores, ModelState, ModelVersion, ServiceCommand, ServiceState } from "@tradewind/contracts";
import { defaultMatrixPlan } from "@tradewind/core";
import { START } from "./support.ts";

const DAY = 86_400_000;
/** Of a file whose hash begins so. */
export const hashOf = (token: string): string => token.padEnd(64, "0");

export function versionOf(token: string, state: ModelState, change: Partial<ModelVersion> = {}): ModelVersion {
  return {
    sha256: hashOf(token),
    bytes: 21_344,
    matrix: defaultMatrixPlan,
    featureSchema: "f".repeat(64),
    labels: ["down", "flat", "up"],
    version: "1",
    state,
    registeredAt: START - 2 * DAY,
    notes: { family: "cnn" },
    ...change,
  };
}

export function modelOf(id: string, versions: readonly ModelVersion[], change: Partial<ModelRecord> = {}): ModelRecord {
  return { id, versions, device: "cpu", pinned: false, history: [], ...change };
}

export const putModel = (bus: Bus, model: ModelRecord): Promise<unknown> => bus.kv("models").put(model.id, JSON.stringify(model));
export const putJob = (bus: Bus, job: JobRecord): Promise<unknown> => bus.kv("jobs").put(job.id, JSON.stringify(job));

export function jobOf(id: string, change: Partial<JobRecord> = {}): JobRecord {
  return {
    id,
    kind: "train",
    parameters: { family: "lstm", model: "eth-next" },
    state: "running",
    by: "operator",
    askedAt: Date.now() - 60_000,
    changedAt: Date.now(),
    progress: 0.4,
    message: "fold 2 of 3, epoch 7 of 20: loss 1.041",
    ...change,
  };
}

export async function putScores(
  bus: Bus,
  model: string,
  versions: ModelScores["versions"],
  verdicts: ModelScores["verdicts"] = [],
): Promise<void> {
  await bus.kv("scores").put(model, JSON.stringify({ model, at: Date.now(), versions, verdicts } satisfies ModelScores));
}

export interface InferenceStandIn extends Disposable {
  /** The commands that came, but for those that only ask. */
  readonly commands: readonly { readonly verb: string; readonly data: ServiceCommand }[];
}

/** An instance of model-inference as the gateway sees one: it says that it lives, what it holds, and yes to every change. */
export async function startInference(
  bus: Bus,
  models: Readonly<Record<string, { readonly memory_mb: number; readonly device: string; readonly quarantine?: unknown }>>,
): Promise<InferenceStandIn> {
  const commands: { verb: string; data: ServiceCommand }[] = [];
  const now = Date.now();
  const state: ServiceState = {
    service: "model-inference",
    instance: "model-inference-1",
    state: "running",
    since: now,
    at: now + DAY,
    partitions: [],
    notes: [],
    pid: 1,
    memoryMb: 90,
  };
  await bus.kv("states").put("model-inference.model-inference-1", JSON.stringify(state));
  const used = Object.values(models).reduce((sum, { memory_mb: mb }) => sum + mb, 0);
  const stats = { total_limit_mb: 1024, models, total_used_mb: used, total_free_mb: 1024 - used, utilization_percent: used / 10.24 };
  const answers = bus.respond("tw.command.model-inference.*", async ({ subject, data }) => {
    const verb = subject.split(".")[3]!;
    if (verb === "stats") return JSON.stringify({ ok: true, message: "held", data: stats });
    const command = (JSON.parse(data) as { data: ServiceCommand }).data;
    commands.push({ verb, data: command });
    const entry = await bus.kv("models").get(command.model!);
    const record = JSON.parse(entry!.value) as ModelRecord;
    const next = changedBy(record, verb, command);
    await bus.kv("models").put(record.id, JSON.stringify(next));
    return JSON.stringify({ ok: true, message: `${verb} of ${record.id} done`, data: next });
  });
  return { commands, [Symbol.dispose]: () => answers.stop() };
}

function changedBy(record: ModelRecord, verb: string, { parameters }: ServiceCommand): ModelRecord {
  if (verb === "pin" || verb === "unpin") return { ...record, pinned: verb === "pin" };
  const state = parameters!["state"] as ModelState;
  const versions = record.versions.map((one) =>
    one.sha256 === parameters!["version"]
      ? { ...one, state }
      : { ...one, state: state === "champion" && one.state === "champion" ? ("shadow" as const) : one.state },
  );
  return { ...record, versions };
}

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Bus } from "@tradewind/bus";
import type { ModelRecord } from "@tradewind/contracts";
import { inputFailure, matrixSize } from "@tradewind/core";
import { lineOf, type ServiceContext } from "@tradewind/kit";
import { inspectModel, type InspectedModel } from "@tradewind/onnx";
import { createModelHost } from "./host/model-host.ts";

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Checks a model file and keeps it: the file as a blob under its hash, then its record. The same file under the same id
 * again changes nothing. Throws what `inspectModel` throws, `BAD_MODEL_ID`, and what `tryOut` throws.
 */
export async function registerModel(
  bus: Bus,
  id: string,
  bytes: Uint8Array,
  tryOut?: (model: InspectedModel) => Promise<void>,
): Promise<ModelRecord> {
  if (!ID.test(id)) throw inputFailure("BAD_MODEL_ID", `model id "${id}" must be up to 64 letters, digits, _ and -`);
  const model = inspectModel(bytes, `model ${id}`);
  const present = await recordOf(bus, id);
  if (present?.sha256 === model.sha256) return present;
  await tryOut?.(model);
  const { matrix, featureSchema } = model.metadata;
  const { sha256, signature } = model;
  await bus.blobs("model-files").put(sha256, bytes);
  const record: ModelRecord = {
    id,
    sha256,
    bytes: bytes.length,
    matrix,
    featureSchema,
    labels: signature.labels,
    registeredAt: Date.now(),
  };
  await bus.kv("models").put(id, JSON.stringify(record));
  return record;
}

/** Takes a model out; its file goes when no other id names it. Tells whether it was there. */
export async function unregisterModel(bus: Bus, id: string): Promise<boolean> {
  const record = await recordOf(bus, id);
  if (record === undefined) return false;
  await bus.kv("models").delete(id);
  const others = (await bus.kv("models").entries()).map(({ value }) => (JSON.parse(value) as ModelRecord).sha256);
  if (!others.includes(record.sha256)) await bus.blobs("model-files").delete(record.sha256);
  return true;
}

async function recordOf(bus: Bus, id: string): Promise<ModelRecord | undefined> {
  const entry = await bus.kv("models").get(id);
  return entry === undefined ? undefined : (JSON.parse(entry.value) as ModelRecord);
}

/** The file of a registered model, checked again. Throws `MODEL_FILE_MISSING`. */
export async function fileOf(bus: Bus, { id, sha256 }: ModelRecord): Promise<InspectedModel> {
  const bytes = await bus.blobs("model-files").get(sha256);
  if (bytes === undefined) throw inputFailure("MODEL_FILE_MISSING", `the file of model ${id} is gone; register it again`);
  return inspectModel(bytes, `model ${id}`);
}

/** Loads a model in a process of its own and runs it on zeros, so that a file that cannot serve is refused at once. */
export async function tryOut(model: InspectedModel): Promise<void> {
  const host = createModelHost({ model, name: "on trial", attempts: 1 });
  try {
    await host.run(new Float32Array(matrixSize(model.metadata.matrix)), 1);
  } finally {
    await host.stop();
  }
}

/** Registers the models that the settings name. A bad one is one line; the others are registered all the same. */
export async function registerConfigured({ bus, config, log, state }: ServiceContext): Promise<void> {
  for (const [id, file] of Object.entries(config.inference.models))
    try {
      const { sha256 } = await registerModel(bus, id, await readModelFile(file), tryOut);
      log.info(`model ${id}: ${sha256.slice(0, 8)} of ${file}`);
    } catch (error) {
      log.error(`model ${id} (${file}) is left out: ${lineOf(error)}`);
      state.note(`model ${id} (${file}) is left out: ${lineOf(error)}`);
    }
}

async function readModelFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(file));
  } catch {
    throw inputFailure("MODEL_FILE_MISSING", `no file can be read at "${file}"; correct inference.models`);
  }
}

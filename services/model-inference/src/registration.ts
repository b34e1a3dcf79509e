import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Bus } from "@tradewind/bus";
import {
  championOf,
  CHANGES_KEPT,
  decodeModelRecord,
  VERSIONS_KEPT,
  type ModelRecord,
  type ModelVersion,
  type ServedModel,
} from "@tradewind/contracts";
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
  const { sha256 } = model;
  const before = await recordOf(bus, id);
  if (before !== undefined && championOf(before)?.sha256 === sha256) return before;
  await tryOut?.(model);
  await bus.blobs("model-files").put(sha256, bytes);
  const record = crowned(before ?? { id, versions: [], device: "cpu", pinned: false, history: [] }, versionOf(model));
  await bus.kv("models").put(id, JSON.stringify(record));
  return record;
}

function versionOf({ sha256, bytes, metadata, signature }: InspectedModel): ModelVersion {
  const { matrix, featureSchema, version, expiresAt, notes } = metadata;
  const labels = [...signature.labels];
  return {
    sha256,
    bytes: bytes.length,
    matrix,
    featureSchema,
    labels,
    version,
    notes,
    state: "champion",
    registeredAt: Date.now(),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** The record with a new champion; the one before it retires. */
function crowned(record: ModelRecord, version: ModelVersion): ModelRecord {
  const others = record.versions.filter(({ sha256 }) => sha256 !== version.sha256);
  const retired = others.map((one): ModelVersion => (one.state === "champion" ? { ...one, state: "retired" } : one));
  const change = { at: version.registeredAt, sha256: version.sha256, to: version.state, reason: "registered", by: "operator" };
  return {
    ...record,
    versions: [version, ...retired].slice(0, VERSIONS_KEPT),
    history: [change, ...record.history].slice(0, CHANGES_KEPT),
  };
}

/** Takes a model out; its file goes when no other id names it. Tells whether it was there. */
export async function unregisterModel(bus: Bus, id: string): Promise<boolean> {
  const record = await recordOf(bus, id);
  if (record === undefined) return false;
  await bus.kv("models").delete(id);
  const others = new Set((await bus.kv("models").entries()).flatMap(({ value }) => filesOf(decodeModelRecord(value))));
  for (const file of filesOf(record)) if (!others.has(file)) await bus.blobs("model-files").delete(file);
  return true;
}

async function recordOf(bus: Bus, id: string): Promise<ModelRecord | undefined> {
  const entry = await bus.kv("models").get(id);
  return entry === undefined ? undefined : decodeModelRecord(entry.value);
}

const filesOf = ({ versions }: ModelRecord): string[] => versions.map(({ sha256 }) => sha256);

/** The file of a registered model, checked again. Throws `MODEL_FILE_MISSING`. */
export async function fileOf(bus: Bus, { id, sha256 }: ServedModel): Promise<InspectedModel> {
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
      const record = await registerModel(bus, id, await readModelFile(file), tryOut);
      log.info(`model ${id}: ${championOf(record)?.sha256.slice(0, 8)} of ${file}`);
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

import type { Bus } from "@tradewind/bus";
import {
  decodeModelRecord,
  filesOf,
  withoutVersion,
  withVersion,
  type ChangeNote,
  type ModelRecord,
  type ModelState,
  type NewVersion,
} from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";
import { lineOf } from "./logger.ts";
import { updateValue } from "./update-value.ts";

const ID = /^(?!.*--)[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
/** Beside the models' own addresses of the gateway. */
const TAKEN = "stats";

/** Throws `BAD_MODEL_ID` (input): `--` is what tells a shadow's name from its model's. */
export function checkModelId(id: string): string {
  if (id === TAKEN) throw inputFailure("BAD_MODEL_ID", `a model cannot have the id "${id}": it names what the models take of the memory`);
  if (ID.test(id)) return id;
  throw inputFailure(
    "BAD_MODEL_ID",
    `model id "${id}" must be up to 64 letters, digits, _ and -, a letter or digit first, without two - in a row`,
  );
}

/** A registered model; undefined when there is none. Throws `MODEL_RECORD` (input) for a record that cannot be read. */
export async function readModel(bus: Bus, id: string): Promise<ModelRecord | undefined> {
  const entry = await bus.kv("models").get(id);
  return entry && decoded(id, entry.value);
}

/**
 * Changes a model's record, whoever else does at the same time: `change` is called again on what they left. Undefined
 * from it takes the record out. Gives the record as it is then.
 */
export function updateModel(
  bus: Bus,
  id: string,
  change: (record: ModelRecord | undefined) => ModelRecord | undefined,
): Promise<ModelRecord | undefined> {
  return updateValue(bus.kv("models"), checkModelId(id), (text) => decoded(id, text), change);
}

/** Keeps a checked file as a version of a model, and drops the files that nobody names any more. */
export async function keepModel(
  bus: Bus,
  id: string,
  version: NewVersion,
  file: Uint8Array,
  state: ModelState,
  note: ChangeNote,
): Promise<ModelRecord> {
  const { sha256 } = version;
  const files = bus.blobs("model-files");
  let before: ModelRecord | undefined;
  await files.put(sha256, file);
  const record = await updateModel(bus, id, (present) => withVersion((before = present), id, version, state, note));
  await dropFiles(bus, before === undefined ? [] : filesOf(before));
  // Whoever took the last record that named this file out in the meantime has taken the file too.
  if (!(await files.list()).includes(sha256)) await files.put(sha256, file);
  return record!;
}

/**
 * Takes one version of a model out, or the model with all of them, and the files that nobody names then. Gives what is
 * left. Throws `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN` (input).
 */
export async function dropModel(bus: Bus, id: string, sha256: string | undefined, note: ChangeNote): Promise<ModelRecord | undefined> {
  const entry = await bus.kv("models").get(checkModelId(id));
  if (entry === undefined) throw modelUnknown(id);
  const files = readable(id, entry.value);
  if (sha256 === undefined) await bus.kv("models").delete(id);
  const left = sha256 === undefined ? undefined : await updateModel(bus, id, (record) => record && withoutVersion(record, sha256, note));
  await dropFiles(bus, files);
  return left;
}

export function modelUnknown(id: string): Error {
  return inputFailure("MODEL_UNKNOWN", `there is no model "${id}"; "tradewind models list" shows them`);
}

/** Deletes those of the files, with their cards, that no record names. */
async function dropFiles(bus: Bus, files: readonly string[]): Promise<void> {
  if (files.length === 0) return;
  const entries = await bus.kv("models").entries();
  const named = new Set(entries.flatMap(({ key, value }) => readable(key, value)));
  for (const file of files)
    if (!named.has(file)) for (const bucket of ["model-files", "model-cards"] as const) await bus.blobs(bucket).delete(file);
}

/** The files of a record, none of one that cannot be read: it must not keep others from being taken out. */
function readable(id: string, text: string): string[] {
  try {
    return filesOf(decoded(id, text));
  } catch {
    return [];
  }
}

function decoded(id: string, text: string): ModelRecord {
  try {
    return decodeModelRecord(text);
  } catch (error) {
    throw inputFailure(
      "MODEL_RECORD",
      `the record of model ${id} cannot be read (${lineOf(error)}); remove the model and register it again`,
    );
  }
}

import type { Bus } from "@tradewind/bus";
import {
  blobBuckets,
  decodeModelRecord,
  filesOf,
  withoutVersion,
  withVersion,
  type BlobBucketName,
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
  let gone: readonly string[] = [];
  await bus.blobs("model-files").put(sha256, file);
  try {
    const record = await updateModel(bus, id, (present) => {
      const after = withVersion(present, id, version, state, note);
      gone = present === undefined ? [] : filesOf(present).filter((one) => !filesOf(after).includes(one));
      return after;
    });
    return record!;
  } finally {
    for (const one of gone) await settleFile(bus, one);
    await settleFile(bus, sha256, { "model-files": file });
  }
}

/**
 * Takes one version of a model out, or the model with all of them, and the files that nobody names then. Gives what is
 * left. Throws `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN` (input).
 */
export async function dropModel(bus: Bus, id: string, sha256: string | undefined, note: ChangeNote): Promise<ModelRecord | undefined> {
  if (sha256 === undefined) {
    for (const file of await dropRecord(bus, checkModelId(id))) await settleFile(bus, file);
    return undefined;
  }
  const left = await updateModel(bus, id, (record) => {
    if (record === undefined) throw modelUnknown(id);
    return withoutVersion(record, sha256, note);
  });
  await settleFile(bus, sha256);
  return left;
}

/** Takes a record out, whether or not it can be read. Gives the files that it named. */
async function dropRecord(bus: Bus, id: string): Promise<string[]> {
  const records = bus.kv("models");
  for (;;) {
    const entry = await records.get(id);
    if (entry === undefined) throw modelUnknown(id);
    if (await records.delete(id, entry.revision)) return readable(id, entry.value);
  }
}

export function modelUnknown(id: string): Error {
  return inputFailure("MODEL_UNKNOWN", `there is no model "${id}"; "tradewind models list" shows them`);
}

/**
 * A file that no record names goes, with its card; one that is named by now comes back. Whoever changes a record looks
 * after it, and again after each change of a blob: of many who do so at once the last to look leaves what is right.
 */
async function settleFile(bus: Bus, file: string, kept: Partial<Record<BlobBucketName, Uint8Array>> = {}): Promise<void> {
  for (let settled = false; !settled;) {
    settled = true;
    const entries = await bus.kv("models").entries();
    const named = entries.some(({ key, value }) => readable(key, value).includes(file));
    for (const bucket of blobBuckets) {
      const blobs = bus.blobs(bucket);
      const present = (await blobs.list()).includes(file);
      const bytes = kept[bucket];
      if (named && !present && bytes !== undefined) await blobs.put(file, bytes);
      else if (!named && present) {
        // One that cannot be read is no loss.
        const found = bytes ?? (await blobs.get(file).catch(() => undefined));
        if (found !== undefined) kept[bucket] = found;
        await blobs.delete(file);
      } else continue;
      settled = false;
    }
  }
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

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Bus } from "@tradewind/bus";
import { versionNamed, type ModelRecord, type ModelState, type ModelVersion, type ServedModel } from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";
import { checkModelId, keepModel, lineOf, readModel, updateModel, type ServiceContext } from "@tradewind/kit";
import { inspectModel, propertiesOf, versionFacts, withMetadata, type InspectedModel } from "@tradewind/onnx";

export interface RegisterOptions {
  /** What the version is trusted with; the champion when left out. */
  readonly state?: ModelState;
  /** Of a file that has none of ours in it, as `propertiesOf` reads it. */
  readonly metadata?: unknown;
  readonly by?: string;
  readonly reason?: string;
  /** Shows that the file runs. */
  readonly tryOut?: (model: InspectedModel) => Promise<void>;
}

/**
 * Checks a model file and keeps it as a version of the model. The same file again is never trusted with less. Throws
 * `BAD_MODEL_ID`, what `propertiesOf`, `inspectModel` and `tryOut` throw; then nothing is kept.
 */
export async function registerModel(bus: Bus, id: string, bytes: Uint8Array, options: RegisterOptions = {}): Promise<ModelRecord> {
  return (await registerVersion(bus, id, bytes, options)).record;
}

/** The same, and which of the record's versions the file is. */
export async function registerVersion(
  bus: Bus,
  id: string,
  bytes: Uint8Array,
  options: RegisterOptions,
): Promise<{ readonly record: ModelRecord; readonly version: ModelVersion }> {
  const { state = "champion", metadata, by = "operator", reason = "registered" } = options;
  const name = `model ${checkModelId(id)}`;
  const file = metadata === undefined ? bytes : withMetadata(bytes, propertiesOf(metadata, name));
  const model = inspectModel(file, name);
  await options.tryOut?.(model);
  const record = await keepModel(bus, id, versionFacts(model), file, state, { by, reason, at: Date.now() });
  return { record, version: versionNamed(record, model.sha256) };
}

/** The file of a registered model, checked again. Throws `MODEL_FILE_MISSING`, `MODEL_FILE_CHANGED`. */
export async function fileOf(bus: Bus, model: Pick<ServedModel, "id" | "sha256">): Promise<InspectedModel> {
  return inspectModel(await bytesOf(bus, model), `model ${model.id}`);
}

/** The bytes of it alone. Throws as `fileOf`. */
export async function bytesOf(bus: Bus, { id, sha256 }: Pick<ServedModel, "id" | "sha256">): Promise<Uint8Array> {
  const bytes = await bus.blobs("model-files").get(sha256);
  if (bytes === undefined) throw inputFailure("MODEL_FILE_MISSING", `the file of model ${id} is gone; register it again`);
  // What was changed may be no model at all any more.
  if (createHash("sha256").update(bytes).digest("hex") !== sha256)
    throw inputFailure("MODEL_FILE_CHANGED", `the file of model ${id} is not the one that was registered; register it again`);
  return bytes;
}

/**
 * Registers the models that the settings name. A bad one is one line; the others are registered all the same. Settings
 * that have not changed do not undo what was promoted or taken out since.
 */
export async function registerConfigured(
  { bus, config, log, state }: ServiceContext,
  tryOut: NonNullable<RegisterOptions["tryOut"]>,
): Promise<void> {
  for (const [id, file] of Object.entries(config.inference.models))
    try {
      const bytes = await readModelFile(file);
      const before = await readModel(bus, id);
      if (before?.configured !== undefined && before.configured === inspectModel(bytes, `model ${id}`).sha256) continue;
      const { version } = await registerVersion(bus, id, bytes, { by: "settings", reason: `inference.models names ${file}`, tryOut });
      await updateModel(bus, id, (record) => record && { ...record, configured: version.sha256 });
      log.info(`model ${id}: ${version.sha256.slice(0, 8)} of ${file}`);
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

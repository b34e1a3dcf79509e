import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Bus } from "@tradewind/bus";
import { championOf, type ModelRecord, type ModelState, type ServedModel } from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";
import { checkModelId, dropModel, keepModel, lineOf, readModel, type ServiceContext } from "@tradewind/kit";
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
  const { state = "champion", metadata, by = "operator", reason = "registered" } = options;
  const name = `model ${checkModelId(id)}`;
  const file = metadata === undefined ? bytes : withMetadata(bytes, propertiesOf(metadata, name));
  const model = inspectModel(file, name);
  await options.tryOut?.(model);
  return keepModel(bus, id, versionFacts(model), file, state, { by, reason, at: Date.now() });
}

/** Takes a model out, and the files that no other names. Tells whether it was there. */
export async function unregisterModel(bus: Bus, id: string): Promise<boolean> {
  if ((await bus.kv("models").get(id)) === undefined) return false;
  await dropModel(bus, id, undefined, { by: "operator", reason: "removed", at: Date.now() });
  return true;
}

/** The file of a registered model, checked again. Throws `MODEL_FILE_MISSING`, `MODEL_FILE_CHANGED`. */
export async function fileOf(bus: Bus, { id, sha256 }: Pick<ServedModel, "id" | "sha256">): Promise<InspectedModel> {
  const bytes = await bus.blobs("model-files").get(sha256);
  if (bytes === undefined) throw inputFailure("MODEL_FILE_MISSING", `the file of model ${id} is gone; register it again`);
  const model = inspectModel(bytes, `model ${id}`);
  if (model.sha256 !== sha256)
    throw inputFailure("MODEL_FILE_CHANGED", `the file of model ${id} is not the one that was registered; register it again`);
  return model;
}

const SETTINGS = "settings";

/** Registers the models that the settings name. A bad one is one line; the others are registered all the same. */
export async function registerConfigured(
  { bus, config, log, state }: ServiceContext,
  tryOut: NonNullable<RegisterOptions["tryOut"]>,
): Promise<void> {
  for (const [id, file] of Object.entries(config.inference.models))
    try {
      const bytes = await readModelFile(file);
      const before = await readModel(bus, id);
      if (before !== undefined && isKnown(before, inspectModel(bytes, `model ${id}`).sha256)) continue;
      const record = await registerModel(bus, id, bytes, { by: SETTINGS, reason: `inference.models names ${file}`, tryOut });
      log.info(`model ${id}: ${championOf(record)?.sha256.slice(0, 8)} of ${file}`);
    } catch (error) {
      log.error(`model ${id} (${file}) is left out: ${lineOf(error)}`);
      state.note(`model ${id} (${file}) is left out: ${lineOf(error)}`);
    }
}

/** Settings that have not changed must not undo what was promoted since. */
function isKnown({ versions, history }: ModelRecord, sha256: string): boolean {
  const latest = history.find(({ by }) => by === SETTINGS)?.sha256 ?? sha256;
  return latest === sha256 && versions.some((one) => one.sha256 === sha256);
}

async function readModelFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(file));
  } catch {
    throw inputFailure("MODEL_FILE_MISSING", `no file can be read at "${file}"; correct inference.models`);
  }
}

import { inputFailure, type MatrixPlan } from "@tradewind/core";
import { metadataProperties, readPlan } from "./metadata.ts";
import { wireWriter } from "./wire-writer.ts";

/** Number of `metadata_props` in a `ModelProto`, and of key and value in its entries. */
const METADATA_PROPS = 14;

/**
 * A model's file with further properties. Encoded messages of protobuf may be put one after the other, so nothing of the
 * file is read or changed; of a key given twice, the later value counts.
 */
export function withMetadata(file: Uint8Array, properties: Readonly<Record<string, string>>): Uint8Array {
  const writer = wireWriter();
  for (const [key, value] of Object.entries(properties)) writer.message(METADATA_PROPS, wireWriter().text(1, key).text(2, value));
  return new Uint8Array(Buffer.concat([file, writer.finish()]));
}

const keys = ["features", "labels", "version", "expires_at", "notes"];

/**
 * The properties for a file that has none of ours, from what a person writes beside it: {features: {timeframes, window,
 * features}, labels: [...], version, expires_at?, notes?}. Messages call the model `name`. Throws `MODEL_METADATA`,
 * `MODEL_FEATURES` (input).
 */
export function propertiesOf(given: unknown, name: string): Record<string, string> {
  const wrong = (what: string): Error =>
    inputFailure("MODEL_METADATA", `the metadata given for ${name} ${what}; write {"features": {...}, "labels": [...], "version": "1"}`);
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw wrong("is no object");
  const { features, labels, version, expires_at: expires, notes = {} } = given as Record<string, unknown>;
  const unknown = Object.keys(given).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw wrong(`has "${unknown}", which nobody reads`);
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) throw wrong("has no labels");
  if (typeof version !== "string" || version === "") throw wrong("has no version");
  if (!isTexts(notes)) throw wrong("has notes that are no texts");
  const expiresAt = expires === undefined ? undefined : typeof expires === "string" ? Date.parse(expires) : Number.NaN;
  if (Number.isNaN(expiresAt)) throw wrong(`has expires_at ${JSON.stringify(expires)}, which is no time`);
  const matrix: MatrixPlan = readPlan(JSON.stringify(features ?? null), name);
  return metadataProperties({ matrix, labels, version, notes, ...(expiresAt !== undefined && { expiresAt }) });
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");
}

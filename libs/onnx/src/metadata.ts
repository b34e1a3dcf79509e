import { createHash } from "node:crypto";
import {
  describeMatrix,
  inputFailure,
  isFailure,
  isTimeframe,
  matrixSize,
  type Failure,
  type MatrixPlan,
  type ParameterValues,
} from "@tradewind/core";
import { goldenText, readGolden, type Golden } from "./golden.ts";

/**
 * The keys of `metadata_props` in a model of ours: the one place where they are named. A file of any maker that has the
 * required ones can be registered.
 *
 * | key | holds |
 * |---|---|
 * | tradewind.format         | version of these keys: 1 |
 * | tradewind.features       | JSON of the feature plan: {timeframes, window, features: [{name, parameters?}]} |
 * | tradewind.feature_schema | SHA-256 in hex of the plan's canonical text (`featureSchemaOf`) |
 * | tradewind.window         | rows per timeframe, as in the plan |
 * | tradewind.timeframe      | a prediction is made on each close of it: the plan's first |
 * | tradewind.labels         | classes in the order of the outputs, separated by commas; `down` and `up` among them |
 * | tradewind.model_version  | any text |
 *
 * Optional:
 *
 * | key | holds |
 * |---|---|
 * | tradewind.golden     | JSON {rows, matrices, probabilities, tolerance}: what the model must give before it serves (`Golden`) |
 * | tradewind.expires_at | ISO time of the market, after which the model abstains |
 *
 * Optional, for people: tradewind.family, .training_range, .seed, .data_hash, .weights_hash, .metrics, .code_version.
 */
export const metadataKeys = {
  format: "tradewind.format",
  features: "tradewind.features",
  featureSchema: "tradewind.feature_schema",
  window: "tradewind.window",
  timeframe: "tradewind.timeframe",
  labels: "tradewind.labels",
  version: "tradewind.model_version",
  golden: "tradewind.golden",
  expiresAt: "tradewind.expires_at",
} as const;

const FORMAT = "1";
const PREFIX = "tradewind.";
/** What is shown on one line. */
const TEXT_LONGEST = 100;
/** What a file says for people is kept with its record, which has to stay small. */
const NOTES_MOST = 64;
const NOTES_LONGEST = 16_384;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** What a model says it takes and gives. */
export interface ModelMetadata {
  readonly matrix: MatrixPlan;
  /** SHA-256 of the matrix's canonical text, hex. */
  readonly featureSchema: string;
  /** Classes in the order of the outputs. */
  readonly labels: readonly string[];
  readonly version: string;
  readonly golden?: Golden;
  /** Market time, ms, after which it abstains. */
  readonly expiresAt?: number;
  /** Optional keys without their prefix. */
  readonly notes: Readonly<Record<string, string>>;
}

/** The hash that models carry of their feature matrix. Throws as `describeMatrix`. */
export function featureSchemaOf(matrix: MatrixPlan): string {
  return createHash("sha256").update(describeMatrix(matrix)).digest("hex");
}

/** The properties to write into a model's file. */
export function metadataProperties(metadata: Omit<ModelMetadata, "featureSchema">): Record<string, string> {
  const { matrix, labels, version, golden, expiresAt, notes } = metadata;
  return {
    [metadataKeys.format]: FORMAT,
    [metadataKeys.features]: JSON.stringify(matrix),
    [metadataKeys.featureSchema]: featureSchemaOf(matrix),
    [metadataKeys.window]: String(matrix.window),
    [metadataKeys.timeframe]: matrix.timeframes[0]!,
    [metadataKeys.labels]: labels.join(","),
    [metadataKeys.version]: version,
    ...(golden !== undefined && { [metadataKeys.golden]: goldenText(golden) }),
    ...(expiresAt !== undefined && { [metadataKeys.expiresAt]: new Date(expiresAt).toISOString() }),
    ...Object.fromEntries(Object.entries(notes).map(([key, text]) => [PREFIX + key, text])),
  };
}

/**
 * Reads and checks the properties of a model's file, which messages call `name`. Throws `MODEL_METADATA` for what is
 * missing or contradicts itself, `MODEL_FEATURES` when this program's features are not the ones it was made with.
 */
export function readMetadata(properties: Readonly<Record<string, string>>, name: string): ModelMetadata {
  const need = (key: keyof typeof metadataKeys): string => {
    const text = properties[metadataKeys[key]];
    if (text === undefined || text === "") throw wrong(name, `has no "${metadataKeys[key]}"`);
    return text;
  };
  const agree = (key: keyof typeof metadataKeys, wanted: string): void => {
    if (need(key) !== wanted) throw wrong(name, `has "${metadataKeys[key]}" ${need(key)}, but its feature plan says ${wanted}`);
  };
  if (need("format") !== FORMAT) throw wrong(name, `has metadata of format ${need("format")}, this program reads format ${FORMAT}`);
  const matrix = readPlan(need("features"), name);
  const computed = schemaOf(matrix, name);
  agree("window", String(matrix.window));
  agree("timeframe", matrix.timeframes[0]!);
  const featureSchema = need("featureSchema");
  if (featureSchema !== computed)
    throw inputFailure(
      "MODEL_FEATURES",
      `${name} was made with feature schema ${featureSchema.slice(0, 8)}, its plan is ${computed.slice(0, 8)} here: a feature means something else now; train it again`,
    );
  const labels = readLabels(need("labels"), name);
  const golden = properties[metadataKeys.golden];
  const expiresAt = properties[metadataKeys.expiresAt];
  return {
    matrix,
    featureSchema,
    labels,
    version: readLine(need("version"), metadataKeys.version, name),
    ...(golden !== undefined && { golden: readGolden(golden, name, matrixSize(matrix), labels.length) }),
    ...(expiresAt !== undefined && { expiresAt: readTime(expiresAt, name) }),
    notes: readNotes(properties, name),
  };
}

/** A text that terminals, logs and pages show. */
function readLine(text: string, key: string, name: string): string {
  if (text.length > TEXT_LONGEST || text.search(CONTROL) >= 0)
    throw wrong(name, `has "${key}" ${JSON.stringify(text.slice(0, 40))}, which is not one line of at most ${TEXT_LONGEST} characters`);
  return text;
}

/** Made for people to read, so that what would drive their terminal becomes a space. */
function readNotes(properties: Readonly<Record<string, string>>, name: string): Record<string, string> {
  const known = new Set<string>(Object.values(metadataKeys));
  const notes = Object.entries(properties).filter(([key]) => key.startsWith(PREFIX) && !known.has(key));
  const size = notes.reduce((sum, [key, text]) => sum + key.length + text.length, 0);
  if (notes.length > NOTES_MOST || size > NOTES_LONGEST)
    throw wrong(name, `has ${notes.length} notes of ${size} characters, at most ${NOTES_MOST} of ${NOTES_LONGEST} are kept`);
  const clean = (text: string): string => text.replaceAll(CONTROL, " ");
  return Object.fromEntries(notes.map(([key, text]) => [clean(key.slice(PREFIX.length)), clean(text)]));
}

function wrong(name: string, what: string): Failure {
  return inputFailure("MODEL_METADATA", `${name} ${what}; write the metadata anew, as libs/onnx/src/metadata.ts lists it`);
}

function readTime(text: string, name: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw wrong(name, `has "${metadataKeys.expiresAt}" ${text.slice(0, 40)}, which is no ISO time`);
  return time;
}

function schemaOf(matrix: MatrixPlan, name: string): string {
  try {
    return featureSchemaOf(matrix);
  } catch (error) {
    if (!isFailure(error)) throw error;
    throw inputFailure("MODEL_FEATURES", `${name}: ${error.message}`);
  }
}

function readLabels(text: string, name: string): string[] {
  const labels = text.split(",");
  if (new Set(labels).size !== labels.length || !labels.includes("down") || !labels.includes("up"))
    throw wrong(name, `has the labels "${text}", which must be different ones with "down" and "up" among them`);
  return labels.map((label) => readLine(label, metadataKeys.labels, name));
}

/** The feature plan in a text. Throws `MODEL_METADATA`. */
export function readPlan(text: string, name: string): MatrixPlan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong(name, `has a feature plan that is no JSON: ${text.slice(0, 60)}`);
  }
  if (!isPlan(value)) throw wrong(name, `has a feature plan that is no {timeframes, window, features}: ${text.slice(0, 60)}`);
  return value;
}

function isPlan(value: unknown): value is MatrixPlan {
  if (!isObject(value)) return false;
  const { timeframes, window, features } = value as { timeframes?: unknown; window?: unknown; features?: unknown };
  if (!Array.isArray(timeframes) || !timeframes.every((timeframe) => typeof timeframe === "string" && isTimeframe(timeframe))) return false;
  return typeof window === "number" && Array.isArray(features) && features.every(isChoice);
}

function isChoice(value: unknown): value is MatrixPlan["features"][number] {
  if (!isObject(value)) return false;
  const { name, parameters } = value as { name?: unknown; parameters?: unknown };
  return typeof name === "string" && (parameters === undefined || isParameters(parameters));
}

function isParameters(value: unknown): value is ParameterValues {
  return isObject(value) && Object.values(value).every((part) => ["number", "string", "boolean"].includes(typeof part));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

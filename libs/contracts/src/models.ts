import { z } from "zod";
import { checkMatrixPlan, type MatrixPlan } from "@tradewind/core";

/**
 * What a version of a model is trusted with. `candidate`: kept, does not run. `shadow`: speaks on its own subject, is
 * scored, votes nowhere. `champion`: its word is the model's word; one at most. `retired`: was, and is kept for a roll-back.
 */
export const modelStates = ["candidate", "shadow", "champion", "retired"] as const;
export type ModelState = (typeof modelStates)[number];

const feature = z.object({ name: z.string(), parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).optional() });
const matrix = z.object({ timeframes: z.array(z.string()), window: z.number(), features: z.array(feature) });

const version = z.object({
  /** Of the file, hex; names its blob in `model-files`. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Size of the file. */
  bytes: z.number(),
  matrix,
  /** SHA-256 of `describeMatrix(matrix)`; its first 8 hex digits are the token of the feature's subject. */
  featureSchema: z.string(),
  /** Class names in the order of the outputs; `down` and `up` among them. */
  labels: z.array(z.string()),
  /** What the file calls itself. */
  version: z.string(),
  state: z.enum(modelStates),
  /** Wall time, ms. */
  registeredAt: z.number(),
  /** Market time, ms, after which it abstains. */
  expiresAt: z.number().optional(),
  /** Optional metadata of the file, for people: family, training_range, seed, data_hash, metrics. */
  notes: z.record(z.string(), z.string()),
});

const change = z.object({
  /** Wall time, ms. */
  at: z.number(),
  sha256: z.string(),
  from: z.enum(modelStates).optional(),
  to: z.enum(modelStates),
  reason: z.string(),
  by: z.string(),
});

const record = z.object({
  id: z.string(),
  /** Newest first. */
  versions: z.array(version),
  /** Where it should run: cpu, cuda:0, webgpu. Where that cannot be had it runs on the CPU and says so. */
  device: z.string(),
  /** Never evicted from memory. */
  pinned: z.boolean(),
  /** Most memory its host may take, MiB; the installation's limit when left out. */
  limitMb: z.number().optional(),
  /** The file that the installation's settings named last, by its SHA-256; they act once on each. */
  configured: z.string().optional(),
  /** What happened to its versions, newest first. */
  history: z.array(change),
});

/** One file of a model. */
export type ModelVersion = Omit<z.infer<typeof version>, "matrix"> & { readonly matrix: MatrixPlan };
export type ModelChange = z.infer<typeof change>;
/** A registered model, under its id in bucket `models`; written by compare-and-set only. */
export type ModelRecord = Omit<z.infer<typeof record>, "versions"> & { readonly versions: readonly ModelVersion[] };

/** A version that speaks, and as whom. */
export interface ServedModel extends ModelVersion {
  /** Of the record. */
  readonly id: string;
  /** Its token in `tw.prediction.{model}`: the model's id, for a shadow `{id}--{first 8 hex of the file's hash}`. */
  readonly speaksAs: string;
  readonly device: string;
  readonly pinned: boolean;
  readonly limitMb?: number;
}

/** Versions and changes kept in a record. */
export const VERSIONS_KEPT = 12;
export const CHANGES_KEPT = 50;

/** Reads a record of bucket `models`. Throws an `Error` of one line when it is none. */
export function decodeModelRecord(text: string): ModelRecord {
  const parsed = record.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`field ${parsed.error.issues[0]!.path.join(".")}: ${parsed.error.issues[0]!.message}`);
  const read = parsed.data as unknown as ModelRecord;
  for (const one of read.versions) checkMatrixPlan(one.matrix);
  if (read.versions.filter(({ state }) => state === "champion").length > 1) throw new Error("field versions: more than one champion");
  return read;
}

/** The version that speaks for the model; undefined when none is trusted so far. */
export function championOf(model: ModelRecord): ServedModel | undefined {
  const found = model.versions.find(({ state }) => state === "champion");
  return found && served(model, found);
}

/** The versions that speak without effect, newest first. */
export function shadowsOf(model: ModelRecord): readonly ServedModel[] {
  return model.versions.filter(({ state }) => state === "shadow").map((one) => served(model, one));
}

function served({ id, device, pinned, limitMb }: ModelRecord, version: ModelVersion): ServedModel {
  const speaksAs = version.state === "shadow" ? `${id}--${version.sha256.slice(0, 8)}` : id;
  return { ...version, id, speaksAs, device, pinned, ...(limitMb !== undefined && { limitMb }) };
}

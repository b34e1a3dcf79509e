import { inputFailure } from "@tradewind/core";
import { CHANGES_KEPT, VERSIONS_KEPT, type ModelChange, type ModelRecord, type ModelState, type ModelVersion } from "./models.ts";

/**
 * Changes of a model's record, each a function of the record before it; nothing to change gives the same object. At most
 * one version is champion: whoever takes its place says what becomes of the one before.
 */

/** Who changes a record and why, for its history; `at` is wall time, ms. */
export interface ChangeNote {
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}

export type NewVersion = Omit<ModelVersion, "state" | "registeredAt">;

/** How much a version is trusted with: the same file registered again is never trusted with less. */
const trust: Readonly<Record<ModelState, number>> = { retired: 0, candidate: 1, shadow: 2, champion: 3 };

/** The record with a version of `id`, its first one where there is none so far. */
export function withVersion(
  record: ModelRecord | undefined,
  id: string,
  version: NewVersion,
  state: ModelState,
  note: ChangeNote,
): ModelRecord {
  const before = record ?? { id, versions: [], device: "cpu", pinned: false, history: [] };
  const present = before.versions.find(({ sha256 }) => sha256 === version.sha256);
  if (present !== undefined) return trust[state] > trust[present.state] ? withState(before, version.sha256, state, note) : before;
  const added: ModelVersion = { ...version, state, registeredAt: note.at };
  const others = state === "champion" ? deposed(before, "retired", note) : before;
  return {
    ...others,
    versions: bounded([added, ...others.versions]),
    history: remembered({ at: note.at, sha256: version.sha256, to: state, reason: note.reason, by: note.by }, others.history),
  };
}

/**
 * The record with a version in another state. A new champion's predecessor gets the state `former`. Throws
 * `MODEL_VERSION_UNKNOWN` (input).
 */
export function withState(
  record: ModelRecord,
  sha256: string,
  to: ModelState,
  note: ChangeNote,
  former: "retired" | "shadow" = "retired",
): ModelRecord {
  if (versionOf(record, sha256).state === to) return record;
  return changed(to === "champion" ? deposed(record, former, note) : record, sha256, to, note);
}

/** The record without a version; undefined when that was its last. Throws `MODEL_VERSION_UNKNOWN` (input). */
export function withoutVersion(record: ModelRecord, sha256: string, note: ChangeNote): ModelRecord | undefined {
  const { state: from } = versionOf(record, sha256);
  const versions = record.versions.filter((one) => one.sha256 !== sha256);
  if (versions.length === 0) return undefined;
  const { at, by, reason } = note;
  return { ...record, versions, history: remembered({ at, sha256, from, to: "retired", reason, by }, record.history) };
}

export interface ModelSettings {
  readonly device?: string;
  readonly pinned?: boolean;
  /** MiB; null for the installation's limit. */
  readonly limitMb?: number | null;
}

/** The record with other settings; what is left out stays. */
export function withSettings(record: ModelRecord, { device, pinned, limitMb }: ModelSettings): ModelRecord {
  const { limitMb: limitBefore, ...rest } = record;
  const limit = limitMb === undefined ? limitBefore : (limitMb ?? undefined);
  return {
    ...rest,
    ...(limit !== undefined && { limitMb: limit }),
    device: device ?? record.device,
    pinned: pinned ?? record.pinned,
  };
}

/**
 * The one version that a person means: by the first hex digits of its file's hash, by its own name for itself, or the
 * only one there is. Throws `MODEL_VERSION_UNKNOWN`, `MODEL_VERSION_AMBIGUOUS` (input).
 */
export function versionNamed(record: ModelRecord, name: string | undefined): ModelVersion {
  const { id, versions } = record;
  const found = name === undefined ? versions : versions.filter(({ sha256, version }) => sha256.startsWith(name) || version === name);
  if (found.length === 1) return found[0]!;
  const there = versions.map(({ sha256, state }) => `${sha256.slice(0, 8)} (${state})`).join(", ");
  if (name === undefined) throw inputFailure("MODEL_VERSION_AMBIGUOUS", `model ${id} has several versions: ${there}; name one`);
  if (found.length > 1)
    throw inputFailure("MODEL_VERSION_AMBIGUOUS", `"${name}" is more than one version of model ${id}: ${there}; write more of its hash`);
  throw unknown(record, name);
}

/** Names of the blobs that a record's versions need. */
export const filesOf = ({ versions }: ModelRecord): string[] => versions.map(({ sha256 }) => sha256);

function versionOf(record: ModelRecord, sha256: string): ModelVersion {
  const found = record.versions.find((one) => one.sha256 === sha256);
  if (found === undefined) throw unknown(record, sha256.slice(0, 8));
  return found;
}

function unknown({ id, versions }: ModelRecord, name: string): Error {
  const there = versions.map(({ sha256, state }) => `${sha256.slice(0, 8)} (${state})`).join(", ");
  return inputFailure("MODEL_VERSION_UNKNOWN", `model ${id} has no version "${name}"; there are ${there || "none"}`);
}

function deposed(record: ModelRecord, to: ModelState, note: ChangeNote): ModelRecord {
  const champion = record.versions.find(({ state }) => state === "champion");
  return champion === undefined ? record : changed(record, champion.sha256, to, note);
}

function changed(record: ModelRecord, sha256: string, to: ModelState, { at, by, reason }: ChangeNote): ModelRecord {
  const { state: from } = versionOf(record, sha256);
  return {
    ...record,
    versions: record.versions.map((one) => (one.sha256 === sha256 ? { ...one, state: to } : one)),
    history: remembered({ at, sha256, from, to, reason, by }, record.history),
  };
}

/** The oldest go that neither speak nor have just come. */
function bounded(versions: readonly ModelVersion[]): ModelVersion[] {
  let surplus = versions.length - VERSIONS_KEPT;
  return versions
    .toReversed()
    .filter((one) => surplus <= 0 || one === versions[0] || one.state === "champion" || one.state === "shadow" || surplus-- <= 0)
    .toReversed();
}

const remembered = (change: ModelChange, history: readonly ModelChange[]): ModelChange[] => [change, ...history].slice(0, CHANGES_KEPT);

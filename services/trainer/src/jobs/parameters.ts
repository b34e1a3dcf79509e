import { inputFailure, type ParameterValue } from "@tradewind/core";

/** What a job says, as its record has it; checked by nobody. */
export type Said = Readonly<Record<string, unknown>>;

export function badParameter(key: string, value: unknown, why: string): Error {
  return inputFailure("BAD_JOB", `the job has ${key} ${JSON.stringify(value)}; ${why}`);
}

export function needed(value: string | undefined, key: string): string {
  if (value === undefined || value === "") throw inputFailure("BAD_JOB", `the job names no ${key}; a training needs family and symbol`);
  return value;
}

export function textOf(said: Said, key: string): string | undefined {
  const value = said[key];
  if (value === undefined || typeof value === "string") return value;
  throw badParameter(key, value, "it must be a text");
}

export function numberOf(said: Said, key: string): number | undefined {
  const value = said[key];
  if (value === undefined || typeof value === "number") return value;
  throw badParameter(key, value, "it must be a number");
}

/** Of texts, or of one with commas. */
export function listOf(said: Said, key: string): string[] | undefined {
  const value = said[key];
  if (value === undefined) return undefined;
  const list = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(list) || !list.every((one) => typeof one === "string")) throw badParameter(key, value, "it must be a list of texts");
  return list;
}

/** A job's settings, sorted by whose they are. */
export interface JobSettings {
  readonly family: Readonly<Record<string, unknown>>;
  readonly label: Readonly<Record<string, ParameterValue>>;
  /** Those of the training, which may stand beside the settings too. */
  readonly training: Readonly<Record<string, unknown>>;
}

const LABEL = "label.";

export function settingsOf(settings: unknown, ofTraining: readonly string[]): JobSettings {
  if (settings === undefined) return { family: {}, label: {}, training: {} };
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    throw badParameter("settings", settings, "it must be an object");
  const entries = Object.entries(settings);
  const isTraining = (key: string): boolean => ofTraining.includes(key);
  const label = entries.filter(([key]) => key.startsWith(LABEL)).map(([key, value]) => [key.slice(LABEL.length), value as ParameterValue]);
  return {
    family: Object.fromEntries(entries.filter(([key]) => !isTraining(key) && !key.startsWith(LABEL))),
    label: Object.fromEntries(label) as Record<string, ParameterValue>,
    training: Object.fromEntries(entries.filter(([key]) => isTraining(key))),
  };
}

export function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, T>>;
}

import type { z } from "zod";
import { payloads } from "./payloads.ts";

/** A row of the bus: its subject with `{parameters}`, what it carries, and the version of that. */
interface SubjectDefinition {
  readonly pattern: string;
  readonly schema: z.ZodType;
  /** Grows when the payload changes so that an older reader could not take it. */
  readonly version: number;
}

/**
 * The bus in one table. Everything under `tw.` is JSON text of one `Envelope`. What a stream's patterns cover is kept
 * (`streams.ts`), the rest is not. Tokens are [A-Za-z0-9_-].
 */
export const subjects = {
  /** Closed candles, gaps, corrections, the end of the data; one subject is monotone in time. */
  candle: { pattern: "tw.candle.{venue}.{instrument}.{timeframe}", schema: payloads.market, version: 1 },
  feature: { pattern: "tw.feature.{venue}.{instrument}.{schema8}", schema: payloads.feature, version: 1 },
  prediction: { pattern: "tw.prediction.{model}.{venue}.{instrument}", schema: payloads.said, version: 1 },
  signal: { pattern: "tw.signal.{variant}.{instrument}", schema: payloads.said, version: 1 },
  decision: { pattern: "tw.decision.{variant}.{instrument}", schema: payloads.decision, version: 1 },
  ledger: { pattern: "tw.ledger.{account}", schema: payloads.entry, version: 1 },
  order: { pattern: "tw.order.{variant}.{instrument}", schema: payloads.order, version: 1 },
  fill: { pattern: "tw.fill.{variant}.{instrument}", schema: payloads.fill, version: 1 },
  position: { pattern: "tw.position.{variant}.{instrument}", schema: payloads.position, version: 1 },
  equity: { pattern: "tw.equity.{variant}", schema: payloads.equity, version: 1 },
  command: { pattern: "tw.command.{service}.{verb}", schema: payloads.command, version: 1 },
  job: { pattern: "tw.job.{kind}", schema: payloads.job, version: 2 },
  training: { pattern: "tw.training.{model}", schema: payloads.training, version: 1 },
} as const satisfies Record<string, SubjectDefinition>;

export type Kind = keyof typeof subjects;
export type PayloadOf<K extends Kind> = z.infer<(typeof subjects)[K]["schema"]>;

type ParametersIn<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}` ? Name | ParametersIn<Rest> : never;
/** The parameters of a subject; a missing one is a compile error. */
export type ParametersOf<K extends Kind> = Readonly<Record<ParametersIn<(typeof subjects)[K]["pattern"]>, string>>;

/** The subject of one message. `*` for a parameter makes a pattern. */
export function subjectOf<K extends Kind>(kind: K, parameters: ParametersOf<K>): string {
  return subjects[kind].pattern.replace(/\{(\w+)\}/g, (_, name: string) => (parameters as Readonly<Record<string, string>>)[name]!);
}

/** Every subject of a kind, as a pattern. */
export function patternOf(kind: Kind): string {
  return subjects[kind].pattern.replace(/\{\w+\}/g, "*");
}

/** The kind of a subject by its second token; undefined when the table has none. */
export function kindOf(subject: string): Kind | undefined {
  const kind = subject.split(".")[1];
  return kind !== undefined && Object.hasOwn(subjects, kind) ? (kind as Kind) : undefined;
}

/** Any text as a token of a subject: what does not fit becomes `_`. */
export function tokenOf(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, "_");
}

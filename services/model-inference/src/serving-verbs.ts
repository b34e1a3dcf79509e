import { decodeModelRecord, type ModelRecord, type ServiceCommand } from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";
import type { ServiceContext } from "@tradewind/kit";
import type { InspectedModel } from "@tradewind/onnx";
import { idOf, textOf, type Verb } from "./verb.ts";

/** What a model is asked to judge: matrices one after the other, or the latest close of an instrument. */
export type PredictOf =
  | { readonly matrices: Float32Array; readonly rows: number }
  | { readonly venue: string; readonly instrument: string; readonly timeframe?: string };

/** What this instance serves. */
export interface Serving {
  /** Of a champion by the model's id, of a shadow by the name it speaks under; undefined where another instance serves it. */
  readonly predict: (speaksAs: string, of: PredictOf) => Promise<unknown>;
  /** Shows that a file runs, within the budget. */
  readonly tryOut: (model: InspectedModel) => Promise<void>;
  /** What its hosts take of the memory it may. */
  stats(): Promise<unknown>;
}

/**
 * What is asked of a serving instance.
 *
 * | verb | parameters | answer |
 * |---|---|---|
 * | list    | - | every record that can be read |
 * | stats   | instance?: that one alone answers | its hosts and its budget |
 * | predict | matrix: numbers, or base64 of float32, with rows; or venue, instrument, timeframe? | what the model says |
 */
export function servingVerbs({ bus, instance }: ServiceContext, serving: Serving): Readonly<Record<string, Verb>> {
  return {
    async list() {
      const records = (await bus.kv("models").entries()).flatMap(({ value }) => recordIn(value) ?? []);
      return { message: `${records.length} models`, data: records };
    },
    async stats(command) {
      const wanted = textOf(command, "instance");
      if (wanted !== undefined && wanted !== instance) return undefined;
      return { message: `what ${instance} holds`, data: await serving.stats() };
    },
    async predict(command) {
      const id = idOf(command);
      const of = subjectOf(command);
      const said = await serving.predict(id, of);
      return said === undefined ? undefined : { message: `model ${id} was asked`, data: said };
    },
  };
}

function recordIn(text: string): ModelRecord | undefined {
  try {
    return decodeModelRecord(text);
  } catch {
    return undefined;
  }
}

function subjectOf(command: ServiceCommand): PredictOf {
  const venue = textOf(command, "venue");
  const instrument = textOf(command, "instrument");
  const timeframe = textOf(command, "timeframe");
  if (venue !== undefined && instrument !== undefined) return { venue, instrument, ...(timeframe !== undefined && { timeframe }) };
  const { matrix, rows = 1 } = command.parameters ?? {};
  if (!Number.isSafeInteger(rows) || Number(rows) < 1)
    throw inputFailure("BAD_MATRIX", `rows ${JSON.stringify(rows)} is no whole number above 0`);
  return { matrices: matricesOf(matrix), rows: Number(rows) };
}

function matricesOf(given: unknown): Float32Array {
  if (Array.isArray(given) && given.length > 0 && given.every((number) => Number.isFinite(number)))
    return Float32Array.from(given as number[]);
  if (typeof given === "string") {
    const bytes = Buffer.from(given, "base64");
    if (bytes.length > 0 && bytes.length % 4 === 0) return new Float32Array(Uint8Array.from(bytes).buffer);
  }
  throw inputFailure("BAD_MATRIX", "give a venue and an instrument, or a matrix: finite numbers, or base64 of float32");
}

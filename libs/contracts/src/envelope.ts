import { z } from "zod";
import { subjects, type Kind, type PayloadOf } from "./subjects.ts";

/** What every message on the bus has around its payload. */
export interface Envelope<T> {
  /** A function of what the message says, so that saying it twice is one message. */
  readonly id: string;
  /** Version of the payload's schema. */
  readonly v: number;
  /** Event time, ms. */
  readonly time: number;
  /** Wall time of publishing, ms. */
  readonly published: number;
  /** Service instance that said it. */
  readonly source: string;
  readonly run: string;
  /** Id of the message that led to it. */
  readonly cause?: string;
  /** Revision of the desired variants it was made under. */
  readonly revision?: number;
  readonly data: T;
}

export type Decoded<T> = { readonly ok: true; readonly envelope: Envelope<T> } | { readonly ok: false; readonly problem: string };

const compiled = new Map<Kind, z.ZodType>();

/** Schemas compile on first use: some 1 ms each, then tens of nanoseconds a message. */
function schemaOf(kind: Kind): z.ZodType {
  let schema = compiled.get(kind);
  if (schema === undefined) {
    const envelope = z.object({
      id: z.string(),
      v: z.number(),
      time: z.number(),
      published: z.number(),
      source: z.string(),
      run: z.string(),
      cause: z.string().optional(),
      revision: z.number().optional(),
      data: subjects[kind].schema,
    });
    schema = z.compile(envelope, { strict: true });
    compiled.set(kind, schema);
  }
  return schema;
}

/** The text of a message. */
export function encodeMessage<K extends Kind>(kind: K, envelope: Omit<Envelope<PayloadOf<K>>, "v">): string {
  const { data, ...head } = envelope;
  return JSON.stringify({ ...head, v: subjects[kind].version, data });
}

/** The text of a message whose payload is JSON text already. */
export function encodeRaw(kind: Kind, head: Omit<Envelope<unknown>, "v" | "data">, data: string): string {
  return `${JSON.stringify({ ...head, v: subjects[kind].version }).slice(0, -1)},"data":${data}}`;
}

/** Reads a message; what is not one comes back as the problem in one line, never as an exception. */
export function decodeMessage<K extends Kind>(kind: K, text: string): Decoded<PayloadOf<K>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: `not JSON: ${excerpt(text)}` };
  }
  const version = (value as { v?: unknown } | null)?.v;
  if (typeof version === "number" && version !== subjects[kind].version)
    return { ok: false, problem: `${kind} of schema version ${version}, this program takes version ${subjects[kind].version}` };
  const result = schemaOf(kind).safeParse(value);
  if (result.success) return { ok: true, envelope: result.data as Envelope<PayloadOf<K>> };
  const issue = result.error.issues[0];
  return { ok: false, problem: `no ${kind}: ${issue?.path.join(".") || "message"}: ${issue?.message ?? "invalid"}: ${excerpt(text)}` };
}

function excerpt(text: string): string {
  const line = text.replace(/[^\x20-\x7e]+/g, " ");
  return line.length > 80 ? `${line.slice(0, 77)}...` : line;
}

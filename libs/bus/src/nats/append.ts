import { Failure } from "@tradewind/core";
import { headers } from "@nats-io/transport-node";
import type { Appended } from "../bus.ts";
import { checkAppend, type AppendOptions } from "../options.ts";
import { apiFailure, WRONG_LAST_SEQUENCE } from "./errors.ts";
import type { Link } from "./link.ts";
import { textOf } from "./text.ts";

interface Ack {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

export interface StoreOptions {
  readonly id?: string | undefined;
  /** The sequence the subject must end at. */
  readonly expectLast?: number | undefined;
  readonly operation?: "DEL";
  /** The code of the failure when nobody knows whether it was stored. */
  readonly unclear: string;
}

/** Publishes into a stream and waits for the server's word. Undefined: the subject ends elsewhere than expected. */
export async function store(link: Link, subject: string, data: string, what: string, options: StoreOptions): Promise<Appended | undefined> {
  const { id, expectLast, operation, unclear } = options;
  const extra = headers();
  if (id !== undefined) extra.set("Nats-Msg-Id", id);
  if (expectLast !== undefined) extra.set("Nats-Expected-Last-Subject-Sequence", String(expectLast));
  if (operation !== undefined) extra.set("KV-Operation", operation);
  const message = await link.ask(subject, Buffer.from(data), what, { headers: extra, unclear });
  const ack = ackOf(textOf(message.data));
  if (ack.error !== undefined) {
    if (ack.error.err_code === WRONG_LAST_SEQUENCE) return undefined;
    throw apiFailure(ack.error.err_code ?? 0, ack.error.description ?? "refused", what);
  }
  if (typeof ack.seq !== "number") throw new Failure("service", "BUS_FAILED", `${what}: something other than JetStream answered`);
  return { seq: ack.seq, duplicate: ack.duplicate === true };
}

function ackOf(text: string): Ack {
  try {
    return (JSON.parse(text) ?? {}) as Ack;
  } catch {
    return {};
  }
}

/** `Bus.append` on NATS. */
export async function append(link: Link, subject: string, data: string, options: AppendOptions): Promise<Appended> {
  checkAppend(subject, options);
  const { id, expectLast } = options;
  const added = await store(link, subject, data, `append to "${subject}"`, { id, expectLast, unclear: "APPEND_UNCERTAIN" });
  if (added === undefined)
    throw new Failure("service", "APPEND_CONFLICT", `"${subject}" does not end at ${expectLast}: somebody else writes it`);
  if (expectLast !== undefined && added.duplicate)
    throw new Failure("service", "APPEND_CONFLICT", `"${subject}": the server calls an append without an id a duplicate`);
  return added;
}

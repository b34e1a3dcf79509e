import { randomUUID } from "node:crypto";
import { Failure, isFailure } from "@tradewind/core";
import { encodeMessage, payloads, subjectOf, type ServiceCommand, type ServiceReply } from "@tradewind/contracts";
import type { ServiceContext } from "@tradewind/kit";

/** Who is asked, how long, and what is said when nobody answers. */
export interface Asked {
  readonly service: string;
  readonly withinMs: number;
  /** For people: "the owner of account a". */
  readonly who: string;
  /** The failure (retry) when there is no answer. */
  readonly silence: { readonly code: string; readonly message: string };
}

/** Sends a command and gives the first answer. Throws `silence`, and `BAD_REPLY` (retry) for what is no answer. */
export async function askService(
  { bus, run, instance, metrics }: ServiceContext,
  asked: Asked,
  data: ServiceCommand,
): Promise<ServiceReply> {
  const { service, withinMs, who, silence } = asked;
  const now = Date.now();
  const text = encodeMessage("command", { id: `k/${randomUUID()}`, time: now, published: now, source: instance, run: run.run, data });
  metrics.published.inc({ kind: "command" });
  let answer: string;
  try {
    answer = await bus.request(subjectOf("command", { service, verb: data.verb }), text, withinMs);
  } catch (error) {
    if (!isFailure(error) || error.code !== "NO_REPLY") throw error;
    throw new Failure("retry", silence.code, silence.message);
  }
  const reply = payloads.reply.safeParse(parse(answer));
  if (!reply.success) throw new Failure("retry", "BAD_REPLY", `${who} gave an answer that cannot be read; see its log`);
  return reply.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { setImmediate as turn } from "node:timers/promises";
import type { From } from "@tradewind/bus";
import { decodeMessage, type Kind } from "@tradewind/contracts";
import type { ServiceContext } from "./context.ts";
import type { Incoming } from "./inbox.ts";
import { unsound } from "./sound.ts";

/** Messages taken without a turn of the event loop: renewals of leases must not wait for a long log. */
const BATCH = 256;

/**
 * What the log has of one pattern now, oldest first, to its end; what cannot be read is left out. Resolves with the
 * sequence of the last message there was, 0 for none.
 */
export async function readMessages<K extends Kind>(
  context: Pick<ServiceContext, "bus" | "clock" | "run">,
  kind: K,
  filter: string,
  from: From,
  take: (message: Incoming<K>) => void | Promise<void>,
): Promise<number> {
  let last = 0;
  let taken = 0;
  for await (const { subject, seq, data } of context.bus.read(filter, from)) {
    last = seq;
    const decoded = decodeMessage(kind, data);
    if (decoded.ok && unsound(context, kind, subject, decoded.envelope.data) === undefined)
      await take({ ...decoded.envelope, subject, seq });
    if (++taken % BATCH === 0) await turn();
  }
  return last;
}

import type { Bus, From } from "@tradewind/bus";
import type { Checkpoint } from "@tradewind/kit";
import type { LedgerLog } from "./ledger-log.ts";

/** Without a checkpoint, inputs are read again from this long before the ledger's last entry was written. */
const OVERLAP_MS = 60_000;

/** Where an input of a wall-clock desk begins: after its checkpoint, about the ledger's end, or for a new account with the last message. */
export async function startFrom(bus: Bus, checkpoint: Checkpoint | undefined, filter: string, ledger: LedgerLog): Promise<From> {
  const position = checkpoint?.positions[filter];
  if (position !== undefined) return { after: position };
  if (ledger.openedAt() > 0) return { since: ledger.openedAt() - OVERLAP_MS };
  const last = await bus.last(filter);
  return { after: last === undefined ? 0 : last.seq - 1 };
}

import type { Stored } from "@tradewind/bus";
import { decodeMessage, encodeRaw, subjectOf } from "@tradewind/contracts";
import { decodeEntry, encodeEntry, Failure, isFailure, type LedgerEntry } from "@tradewind/core";
import { createTrouble, lineOf, type ServiceContext } from "@tradewind/kit";

/** A ledger entry as it stands in the log. */
export interface StoredEntry {
  readonly seq: number;
  /** Service instance that appended it. */
  readonly source: string;
  /** Exactly what `encodeEntry` wrote. */
  readonly text: string;
  readonly entry: LedgerEntry;
}

/** What goes around an entry. */
export interface EntryHead {
  /** Id of the message that led to it. */
  readonly cause?: string;
  readonly revision?: number;
}

/** The ledger of one account, written by one owner. */
export interface LedgerLog {
  /** Sequence in the log and `n` of its last entry; 0 and 0 when it is empty. */
  readonly seq: () => number;
  readonly n: () => number;
  readonly ownerEpoch: () => number;
  /** Wall time at which the last entry was appended that stood there when the ledger was opened, ms; 0 for none. */
  readonly openedAt: () => number;
  /** Entries after a sequence, oldest first, as of now. */
  read(afterSeq: number): AsyncIterable<StoredEntry>;
  /**
   * Durable when it resolves. Throws `FENCED` (service) when somebody else has written since, or the lease has gone:
   * this owner is stale and must stop.
   */
  append(entry: LedgerEntry, head: EntryHead): Promise<void>;
}

const RETRY_MS = 100;
const TELL_AFTER_MS = 1_000;

/** Opens the ledger at its end. `lost` aborts when the account may be another's. Throws `LEDGER_UNREADABLE` (service). */
export async function openLedger(context: ServiceContext, account: string, lost: AbortSignal): Promise<LedgerLog> {
  const { bus } = context;
  const subject = subjectOf("ledger", { account });
  const stored = await bus.last(subject);
  const last = stored === undefined ? undefined : decodeStored(account, stored);
  const trouble = createTrouble(context);
  let seq = last?.seq ?? 0;
  let n = last?.entry.n ?? 0;
  let ownerEpoch = last?.entry.ownerEpoch ?? 0;

  /** After an append of unknown fate: its sequence when it is the last message, undefined when nothing was added. */
  async function findOwn(entry: LedgerEntry, text: string): Promise<number | undefined> {
    const end = await bus.last(subject);
    if ((end?.seq ?? 0) === seq) return undefined;
    if (end === undefined) throw ledgerUnreadable(account, `it ended at #${seq} and is empty now`);
    const found = decodeStored(account, end);
    if (
      found.source === context.instance &&
      found.entry.n === entry.n &&
      found.entry.ownerEpoch === entry.ownerEpoch &&
      found.text === text
    )
      return found.seq;
    throw fenced(account, `its ledger goes on with entry ${found.entry.n} of owner ${found.entry.ownerEpoch}, written by ${found.source}`);
  }

  async function appendOnce(entry: LedgerEntry, text: string, message: string): Promise<number> {
    const began = performance.now();
    for (let uncertain = false; ;) {
      if (lost.aborted) throw fenced(account, "its lease is gone");
      try {
        const known = uncertain ? await findOwn(entry, text) : undefined;
        if (known !== undefined) return known;
        const appended = await bus.append(subject, message, { expectLast: seq });
        trouble.over("");
        if (appended.duplicate) throw fenced(account, "an append was taken for a duplicate");
        return appended.seq;
      } catch (error) {
        if (!isFailure(error)) throw error;
        if (error.code === "APPEND_CONFLICT" && !uncertain) throw fenced(account, error.message);
        if (error.code !== "APPEND_CONFLICT" && error.action !== "retry") throw error;
        uncertain = true;
        // While the bus is away, that is told already.
        if (bus.connected && performance.now() - began > TELL_AFTER_MS)
          trouble.tell("", `account ${account} waits, its ledger takes no entry: ${lineOf(error)}`, { cause: error.code });
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  return {
    seq: () => seq,
    n: () => n,
    ownerEpoch: () => ownerEpoch,
    openedAt: () => stored?.time ?? 0,
    async *read(afterSeq) {
      for await (const message of bus.read(subject, { after: afterSeq })) yield decodeStored(account, message);
    },
    async append(entry, head) {
      const text = encodeEntry(entry);
      seq = await appendOnce(entry, text, messageOf(context, account, entry, head, text));
      n = entry.n;
      ownerEpoch = entry.ownerEpoch;
    },
  };
}

function messageOf({ instance, run }: ServiceContext, account: string, entry: LedgerEntry, head: EntryHead, text: string): string {
  const id = `l/${account}/${entry.ownerEpoch}/${entry.n}`;
  return encodeRaw("ledger", { id, time: entry.time, published: Date.now(), source: instance, run: run.run, ...head }, text);
}

function fenced(account: string, why: string): Failure {
  return new Failure("service", "FENCED", `account ${account} is no longer this instance's: ${why}; it stops here and another goes on`);
}

function decodeStored(account: string, { subject, seq, data }: Stored): StoredEntry {
  const decoded = decodeMessage("ledger", data);
  if (!decoded.ok) throw ledgerUnreadable(account, `${subject} #${seq} is ${decoded.problem}`);
  try {
    const text = JSON.stringify(decoded.envelope.data);
    return { seq, source: decoded.envelope.source, text, entry: decodeEntry(text, `${subject} #${seq}`) };
  } catch (error) {
    throw ledgerUnreadable(account, lineOf(error), error);
  }
}

/** Nothing may be added to a ledger whose sense nobody knows: the account stays where it is until a person has looked. */
export function ledgerUnreadable(account: string, why: string, cause?: unknown): Failure {
  const way = "restore the stream LEDGER from a copy, or give the variant another account.id to begin a ledger anew";
  return new Failure("service", "LEDGER_UNREADABLE", `the ledger of ${account} cannot be read: ${why}; ${way}`, { cause });
}

/** Folds what the ledger of an account holds. Throws `LEDGER_UNREADABLE` when its entries do not follow from each other. */
export function foldOf(account: string, fold: () => void): void {
  try {
    fold();
  } catch (error) {
    throw ledgerUnreadable(account, lineOf(error), error);
  }
}

import { Failure, isFailure } from "@tradewind/core";
import type { BucketName, StreamDefinition, StreamName } from "@tradewind/contracts";

/** What both adapters take. */
export interface BusOptions {
  /** How long an id is remembered, in ms, instead of the contracts' window. */
  readonly duplicateWindowMs?: number;
  /** How long the values of a bucket live, in ms, instead of the contracts' times. */
  readonly ttlMs?: Readonly<Partial<Record<BucketName, number>>>;
  /** How many bytes of a stream are kept, instead of the contracts' bounds; Infinity for all. */
  readonly maxBytes?: Readonly<Partial<Record<StreamName, number>>>;
  /** How long a message of a work queue is its worker's without a word of it, in ms. */
  readonly ackWaitMs?: number;
  /** What a listener, responder or worker threw; the default is a warning of the process. `where` names subject or bucket. */
  readonly onError?: (error: unknown, where: string) => void;
}

/** The same for every worker of a queue: what holds is what the first of them said. */
export const ACK_WAIT_MS = 30_000;
/** A message whose worker threw is given again after so long, so that one that always fails does not busy everybody. */
export const NAK_PAUSE_MS = 500;

/** Who throws a failure that is to be tried again gives a message back on purpose: nobody has to be told. */
export const givenBack = (error: unknown): boolean => isFailure(error) && error.action === "retry";

/** For a run on the events clock: it is as long as its recording, and a stage far behind must miss nothing of it. */
export const keepEverything: BusOptions = { maxBytes: { MARKET: Infinity, DECISIONS: Infinity } };

/** Undefined for no bound. */
export function maxBytesOf({ name, maxBytes }: StreamDefinition, options: BusOptions): number | undefined {
  const bound = options.maxBytes?.[name] ?? maxBytes;
  return bound === Infinity ? undefined : bound;
}

export function warn(error: unknown, where: string): void {
  process.emitWarning(`a listener of ${where} threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}

export interface AppendOptions {
  readonly id?: string;
  readonly expectLast?: number;
}

/** Throws `APPEND_OPTIONS` (bug): duplicates are found before the sequence is looked at, so an id would let a stale writer through. */
export function checkAppend(subject: string, { id, expectLast }: AppendOptions): void {
  if (id !== undefined && expectLast !== undefined)
    throw new Failure("bug", "APPEND_OPTIONS", `append to "${subject}" gives both an id and an expected sequence; give one`);
}

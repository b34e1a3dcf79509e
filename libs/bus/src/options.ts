import { Failure } from "@tradewind/core";
import type { BucketName } from "@tradewind/contracts";

/** What both adapters take. */
export interface BusOptions {
  /** How long an id is remembered, in ms, instead of the contracts' window. */
  readonly duplicateWindowMs?: number;
  /** How long the values of a bucket live, in ms, instead of the contracts' times. */
  readonly ttlMs?: Readonly<Partial<Record<BucketName, number>>>;
  /** What a listener or responder threw; the default is a warning of the process. `where` names subject or bucket. */
  readonly onError?: (error: unknown, where: string) => void;
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

import type { LedgerEntry } from "@tradewind/core";
import type { EntryHead, LedgerLog } from "./ledger-log.ts";
import type { ExecutionMetrics } from "./metrics.ts";
import type { ReadModels } from "./read-models.ts";

/** Takes the entries that the machines make and makes them durable, in order. */
export interface Recorder {
  /** An entry just made; durable after the next `flush`. */
  readonly add: (entry: LedgerEntry) => void;
  /** Appends what was added and tells the read models. Throws what `LedgerLog.append` throws. */
  flush(cause: string | undefined): Promise<void>;
  /** Drops what was added. */
  clear(): void;
}

export interface RecorderOptions {
  readonly ledger: LedgerLog;
  readonly readModels: ReadModels;
  readonly metrics: ExecutionMetrics;
  /** Revision of the one variant concerned. */
  readonly revision?: number;
  /** True when the log holds the entry already: re-executed, compared, and not appended again. */
  readonly alreadyThere?: (entry: LedgerEntry) => boolean;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const { ledger, readModels, metrics, revision } = options;
  let pending: LedgerEntry[] = [];
  return {
    add: (entry) => void pending.push(entry),
    async flush(cause) {
      if (pending.length === 0) return;
      const entries = pending;
      pending = [];
      const head: EntryHead = { ...(cause !== undefined && { cause }), ...(revision !== undefined && { revision }) };
      for (const entry of entries) {
        if (options.alreadyThere?.(entry) === true) continue;
        const done = metrics.appendSeconds.startTimer();
        await ledger.append(entry, head);
        done();
        readModels.entry(entry);
      }
    },
    clear: () => void (pending = []),
  };
}

import { buckets, DUPLICATE_WINDOW_MS, streams, type BlobBucketName, type StreamName } from "@tradewind/contracts";
import { ACK_WAIT_MS, maxBytesOf, type BusOptions } from "../options.ts";
import { createBuckets, type Buckets } from "./kv.ts";
import { openBlobs } from "./blobs.ts";
import { openDatabase } from "./database.ts";
import { createLog, type Log } from "./log.ts";
import { createLooseMessages, type LooseMessages } from "./loose.ts";
import { createSubjects } from "./subjects.ts";
import { createWorkQueue, type WorkQueue } from "./work-queue.ts";
import { createWriter, type Writer } from "./writer.ts";
import type { Blobs, Subscription } from "../bus.ts";

const PRUNE_MS = 60_000;
const PRUNE_MORE_MS = 20;

export interface EmbeddedOptions extends BusOptions {
  /** The wall clock, ms. */
  readonly now?: () => number;
}

/** What all handles of one file in this process share. */
export interface Core {
  readonly writer: Writer;
  readonly logs: Readonly<Record<StreamName, Log>>;
  readonly buckets: Buckets;
  readonly loose: LooseMessages;
  readonly jobs: WorkQueue;
  blobs(bucket: BlobBucketName): Blobs;
  close(): void;
}

export function openCore(file: string, options: EmbeddedOptions): Core {
  const now = options.now ?? Date.now;
  const sql = openDatabase(file);
  const writer = createWriter(sql, file, () => {
    subjects.forget();
    for (const log of Object.values(logs)) log.forget();
  });
  const subjects = createSubjects(sql);
  const duplicateWindowMs = options.duplicateWindowMs ?? DUPLICATE_WINDOW_MS;
  const log = (name: StreamName): Log =>
    createLog(streams[name], {
      sql,
      writer,
      subjects,
      now,
      duplicateWindowMs,
      maxBytes: maxBytesOf(streams[name], options),
      full: () => pruning.soon(),
    });
  const logs = { MARKET: log("MARKET"), DECISIONS: log("DECISIONS"), LEDGER: log("LEDGER"), JOBS: log("JOBS") };
  const jobs = createWorkQueue(logs.JOBS, writer, options.ackWaitMs ?? ACK_WAIT_MS);
  const pruning = startPruning(writer, Object.values(logs));
  return {
    writer,
    logs,
    buckets: createBuckets({ sql, writer, now, ttlMs: (bucket) => options.ttlMs?.[bucket] ?? buckets[bucket].ttlMs }),
    loose: createLooseMessages(),
    jobs,
    blobs: (bucket) => openBlobs(sql, writer, bucket),
    close() {
      pruning.stop();
      jobs.stop();
      writer.flush();
      sql.close();
    },
  };
}

/** Drops old messages now and then, in pieces that do not hold up others. */
function startPruning(writer: Writer, logs: readonly Log[]): Subscription & { soon(): void } {
  let timer: NodeJS.Timeout | undefined;
  let soon = false;
  let stopped = false;
  async function prune(): Promise<void> {
    soon = false;
    // A failure here meets the next append too, where somebody hears it.
    const more = await writer.write(() => logs.filter((log) => log.prune()).length > 0).catch(() => false);
    if (!stopped) again(more || soon ? PRUNE_MORE_MS : PRUNE_MS);
  }
  function again(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(prune, ms).unref();
  }
  void prune();
  return {
    soon() {
      if (soon || stopped) return;
      soon = true;
      if (timer !== undefined) again(PRUNE_MORE_MS);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

import { createTrouble, lineOf, type ServiceContext } from "@tradewind/kit";
import type { InferenceMetrics } from "../metrics.ts";
import { createBook, type Book } from "./book.ts";
import { Memory } from "./memory.ts";
import { bytesOfMib } from "./mib.ts";
import { createShares, type HostShare, type Shares } from "./shares.ts";

/** The memory of this instance's hosts: its book, who gives it out, and what the other instances have. */
export interface Budget {
  readonly book: Book;
  readonly memory: Memory;
  readonly shares: Shares;
  readonly limitBytes: number;
  stop(): Promise<void>;
}

const BEAT_MS = 1_000;
/** Whoever still waits says so with each beat. */
const WANTING_MS = 3 * BEAT_MS;

/** `models` tells what the hosts hold now, by name. */
export function openBudget(context: ServiceContext, metrics: InferenceMetrics, models: () => Readonly<Record<string, HostShare>>): Budget {
  const { bus, config, instance, service, log, state } = context;
  const limitBytes = bytesOfMib(config.inference.total_limit_mb);
  const book = createBook(limitBytes);
  // No id of a model has a dot, so this is no partition's lease.
  const shares = createShares(bus.kv("leases"), `${service}.memory.shares`, instance, limitBytes);
  const trouble = createTrouble(context);
  let wantedAt = -Infinity;
  const memory = new Memory({
    book,
    async claim(bytes) {
      const granted = await shares.claim(bytes);
      book.setLimit(shares.leftBytes());
      return granted;
    },
    awaited(bytes, most) {
      if (bytes > most + shares.evenBytes() - book.limitBytes) return false;
      wantedAt = performance.now();
      return true;
    },
    onEvicted({ name }, by) {
      metrics.evictions.inc({ model: name });
      log.info(`model ${name} leaves the memory for ${by}`);
    },
    onRefused(name, line) {
      metrics.refusals.inc({ model: name });
      log.warn(line);
      state.note(line);
    },
  });
  const beat = setInterval(() => {
    shares
      .beat(book.usedBytes, models(), performance.now() - wantedAt < WANTING_MS)
      .then(() => {
        book.setLimit(shares.leftBytes());
        memory.pump();
        trouble.over("");
      })
      .catch((error: unknown) => bus.connected && trouble.tell("", `the table of memory shares cannot be written: ${lineOf(error)}`));
  }, BEAT_MS);
  return {
    book,
    memory,
    shares,
    limitBytes,
    async stop() {
      clearInterval(beat);
      await shares.leave().catch(() => undefined);
    },
  };
}

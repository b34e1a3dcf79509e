import { decodeSnapshot, encodeSnapshot, isFailure } from "@tradewind/core";
import type { ServiceContext } from "./context.ts";
import { lineOf } from "./logger.ts";
import { tellGone } from "./tell-gone.ts";
import { createTrouble } from "./trouble.ts";

/** Where a partition has got to: its machines and, for each input, the sequence of the last message in them. */
export interface Checkpoint {
  readonly positions: Readonly<Record<string, number>>;
  readonly state: unknown;
}

export interface CheckpointStore {
  /** Notes it when the log has dropped messages that came after it. */
  load(): Promise<Checkpoint | undefined>;
  /** Call when every output made up to here is acknowledged. One that is too large for the bus is told and not saved. */
  save(checkpoint: Checkpoint): Promise<void>;
  clear(): Promise<void>;
}

/**
 * The checkpoint of one partition of this service. `version` is a hash of what the state depends on (code's schema,
 * configuration): a checkpoint of another version is not loaded, and the partition rebuilds itself from the log. Nor is
 * one of another run: a process that ends because the bus came back empty may still have written its own.
 */
export function checkpointStore(context: ServiceContext, partition: string, version: string): CheckpointStore {
  const kv = context.bus.kv("checkpoints");
  const key = `${context.service}.${partition}`;
  const { run } = context.run;
  const trouble = createTrouble(context, "error");

  function read(text: string): Checkpoint | undefined {
    try {
      const saved = decodeSnapshot(text) as Checkpoint & { version: string; run: string };
      if (saved.version === version && saved.run === run) return { positions: saved.positions, state: saved.state };
      context.log.info(`${key}: the checkpoint is of another configuration or run; rebuilding from the log`);
    } catch (error) {
      context.log.warn({ err: error }, `${key}: the checkpoint cannot be read; rebuilding from the log`);
    }
    return undefined;
  }

  return {
    async load() {
      const entry = await kv.get(key);
      const saved = entry && read(entry.value);
      if (saved !== undefined) await tellGone(context, key, saved.positions);
      return saved;
    },
    async save(checkpoint) {
      try {
        await kv.put(key, encodeSnapshot({ ...checkpoint, version, run }));
        trouble.over("");
      } catch (error) {
        if (!isFailure(error) || error.code !== "BUS_TOO_LARGE") throw error;
        // The work goes on: a restart reads more of the log, that is all.
        trouble.tell("", `${key}: the checkpoint cannot be saved, so a restart takes longer: ${lineOf(error)}`, { cause: error.code });
      }
    },
    async clear() {
      await kv.delete(key);
    },
  };
}

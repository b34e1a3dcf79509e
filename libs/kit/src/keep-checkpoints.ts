import { isFailure } from "@tradewind/core";
import type { CheckpointStore } from "./checkpoint.ts";
import type { Inbox } from "./inbox.ts";

export interface CheckpointsOptions {
  readonly inbox: Inbox;
  readonly store: CheckpointStore;
  /** State of the machines, copied; called between two messages, or at the end of one. */
  readonly capture: () => unknown;
  /** Resolves when everything said so far is durable. */
  readonly flush: () => Promise<void>;
  /** False once the partition may be another's: then nothing is saved any more. */
  readonly valid: () => boolean;
  readonly fail: (error: unknown) => void;
}

/** Saves where a partition has got to, one after the other, each after the outputs it stands for. */
export interface Checkpoints {
  /** Call at the end of each message. Every so many of them it waits for the save: outputs cannot pile up. */
  taken(): Promise<void> | undefined;
  /** Saves a last time; call when the inbox has stopped. */
  stop(): Promise<void>;
}

const EVERY_MS = 1_000;
const EVERY_MESSAGES = 500;

/**
 * Within a message, the position is still that of the one before: a machine must take no notice of a message that
 * comes again after a restart.
 */
export function keepCheckpoints({ inbox, store, capture, flush, valid, fail }: CheckpointsOptions): Checkpoints {
  let messages = 0;
  let saving: Promise<void> = Promise.resolve();

  function save(): Promise<void> {
    messages = 0;
    const checkpoint = { positions: inbox.positions(), state: capture() };
    saving = saving.then(async () => {
      try {
        if (valid()) await flush();
        if (valid()) await store.save(checkpoint);
      } catch (error) {
        // The bus is away: the next one tells more.
        if (valid() && !(isFailure(error) && error.action === "retry")) fail(error);
      }
    });
    return saving;
  }

  const timer = setInterval(() => {
    if (messages > 0) inbox.exclusive(() => void save()).catch(fail);
  }, EVERY_MS);
  return {
    taken: () => (++messages >= EVERY_MESSAGES ? save() : undefined),
    async stop() {
      clearInterval(timer);
      await save();
    },
  };
}

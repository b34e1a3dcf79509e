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
/** A save is followed by so many times its own duration without one: a stage that holds much saves less often. */
const REST_FACTOR = 20;

/**
 * Within a message, the position is still that of the one before: a machine must take no notice of a message that
 * comes again after a restart.
 */
export function keepCheckpoints({ inbox, store, capture, flush, valid, fail }: CheckpointsOptions): Checkpoints {
  let unsaved = false;
  let messages = 0;
  let restsUntil = 0;
  let saving: Promise<void> = Promise.resolve();

  function save(): Promise<void> {
    unsaved = false;
    messages = 0;
    const from = performance.now();
    const checkpoint = { positions: inbox.positions(), state: capture() };
    const capturedMs = performance.now() - from;
    saving = saving.then(async () => {
      try {
        if (valid()) await flush();
        const flushedAt = performance.now();
        if (valid()) await store.save(checkpoint);
        restsUntil = performance.now() + REST_FACTOR * (performance.now() - flushedAt + capturedMs);
      } catch (error) {
        // The bus is away: the next one tells more.
        if (valid() && !(isFailure(error) && error.action === "retry")) fail(error);
      }
    });
    return saving;
  }

  /** Waits for what was said so far, without a save: outputs must not pile up. */
  async function settle(): Promise<void> {
    messages = 0;
    try {
      if (valid()) await flush();
    } catch (error) {
      if (valid() && !(isFailure(error) && error.action === "retry")) fail(error);
    }
  }

  const resting = (): boolean => performance.now() < restsUntil;
  const timer = setInterval(() => {
    if (unsaved && !resting()) inbox.exclusive(() => void save()).catch(fail);
  }, EVERY_MS);
  return {
    taken() {
      unsaved = true;
      if (++messages < EVERY_MESSAGES) return undefined;
      return resting() ? settle() : save();
    },
    async stop() {
      clearInterval(timer);
      await save();
    },
  };
}

import type { Stored } from "../bus.ts";
import { NAK_PAUSE_MS } from "../options.ts";
import type { Log } from "./log.ts";
import type { Writer } from "./writer.ts";

/**
 * Who works which message. Claims are held in memory: one process owns the file, so they end with all of their workers,
 * and whatever it was is free when the file is opened again.
 */
export interface WorkQueue {
  /** The first message of a subject that is nobody's; it is the caller's from now on. */
  claim(subject: string): Claim | undefined;
  /** Called whenever a message may be there to claim. */
  onFree(wake: () => void): () => void;
  stop(): void;
}

export interface Claim {
  readonly message: Stored;
  renew(): void;
  /** Resolves when the message is gone for good, whoever works it now. */
  done(): Promise<void>;
  /** Gives it back, after a pause. */
  giveBack(): void;
}

export function createWorkQueue(log: Log, writer: Writer, ackWaitMs: number): WorkQueue {
  const taken = new Map<number, NodeJS.Timeout>();
  const listeners = new Set<() => void>();

  function free(seq: number): void {
    clearTimeout(taken.get(seq));
    taken.delete(seq);
    for (const wake of listeners) wake();
  }

  function claimed(message: Stored): Claim {
    const { seq } = message;
    let timer: NodeJS.Timeout;
    const mine = (): boolean => taken.get(seq) === timer;
    const keepFor = (ms: number): void => {
      clearTimeout(timer);
      taken.set(seq, (timer = setTimeout(() => free(seq), ms).unref()));
    };
    keepFor(ackWaitMs);
    return {
      message,
      renew: () => mine() && keepFor(ackWaitMs),
      async done() {
        await writer.write(() => log.remove(seq));
        if (mine()) free(seq);
      },
      giveBack: () => mine() && keepFor(NAK_PAUSE_MS),
    };
  }

  return {
    claim(subject) {
      writer.flush();
      const message = log.next(subject, [...taken.keys()]);
      return message && claimed(message);
    },
    onFree(wake) {
      listeners.add(wake);
      const release = log.onAppend(wake);
      return () => {
        listeners.delete(wake);
        release();
      };
    },
    stop() {
      for (const timer of taken.values()) clearTimeout(timer);
      taken.clear();
    },
  };
}

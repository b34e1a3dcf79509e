import { isFailure } from "@tradewind/core";
import { encodeMessage, subjectOf, type Kind, type ParametersOf, type PayloadOf } from "@tradewind/contracts";
import type { ServiceContext } from "./context.ts";
import { lineOf } from "./logger.ts";
import { createTrouble } from "./trouble.ts";

/** A message to be kept, with its place in time and what led to it. */
export interface Outgoing<K extends Kind> {
  readonly id: string;
  readonly time: number;
  readonly cause?: string;
  readonly revision?: number;
  readonly data: PayloadOf<K>;
}

/** Publishes to the log, many subjects at once, each in order. */
export interface Outbox {
  /** Resolves with whether it was there already; retries while the bus is away. Nobody has to await it: `flush` does. */
  append<K extends Kind>(kind: K, parameters: ParametersOf<K>, message: Outgoing<K>): Promise<{ duplicate: boolean }>;
  /** Everything appended so far is durable when this resolves. */
  flush(): Promise<void>;
  /** Sends to whoever listens now. */
  tell<K extends Kind>(kind: K, parameters: ParametersOf<K>, message: Outgoing<K>): void;
}

const RETRY_FIRST_MS = 50;
const RETRY_MOST_MS = 2_000;
/** A failure that has lasted for so many attempts is told. */
const TELL_AT_WAIT_MS = 400;

/**
 * Ids make an append safe to repeat, so one that may have been lost is made again until the bus has it. A subject has
 * one append under way: were two, the first could fail and be repeated behind the second.
 */
export function createOutbox(context: ServiceContext): Outbox {
  const { bus, run, instance, metrics, signal } = context;
  /** The last append of each subject that has one under way. */
  const tails = new Map<string, Promise<unknown>>();
  const trouble = createTrouble(context);

  function encode<K extends Kind>(kind: K, message: Outgoing<K>): string {
    return encodeMessage(kind, { ...message, published: Date.now(), source: instance, run: run.run });
  }

  async function retried(subject: string, text: string, id: string): Promise<{ duplicate: boolean }> {
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RETRY_MOST_MS)) {
      try {
        const appended = await bus.append(subject, text, { id });
        if (waitMs > TELL_AT_WAIT_MS) trouble.over("");
        return appended;
      } catch (error) {
        if (!isFailure(error) || error.action !== "retry" || signal.aborted) throw error;
        // While the bus is away, that is told already.
        if (waitMs > TELL_AT_WAIT_MS && bus.connected)
          trouble.tell("", `cannot publish, trying on: ${lineOf(error)}`, { cause: error.code });
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  return {
    append(kind, parameters, message) {
      const subject = subjectOf(kind, parameters);
      const text = encode(kind, message);
      metrics.published.inc({ kind });
      const before = tails.get(subject);
      const send = (): Promise<{ duplicate: boolean }> => retried(subject, text, message.id);
      const done = before === undefined ? send() : before.then(send);
      tails.set(subject, done);
      done.then(
        () => tails.get(subject) === done && tails.delete(subject),
        (error: unknown) => context.fail(error),
      );
      return done;
    },
    async flush() {
      while (tails.size > 0) await Promise.all(tails.values());
    },
    tell(kind, parameters, message) {
      metrics.published.inc({ kind });
      bus.publish(subjectOf(kind, parameters), encode(kind, message));
    },
  };
}

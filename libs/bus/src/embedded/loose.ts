import { Failure } from "@tradewind/core";
import type { Loose, Subscription } from "../bus.ts";
import { matcherOf } from "../subject.ts";

type Answer = (message: Loose) => Promise<string | undefined>;
type OnError = (error: unknown, where: string) => void;

/** Messages that are not kept, within one process. */
export interface LooseMessages {
  publish(subject: string, data: string): void;
  subscribe(pattern: string, take: (message: Loose) => void, onError: OnError): Subscription;
  request(subject: string, data: string, timeoutMs: number): Promise<string>;
  respond(pattern: string, answer: Answer, onError: OnError): Subscription;
}

interface Listener<T> {
  readonly fits: (subject: string) => boolean;
  readonly take: T;
  readonly onError: OnError;
}

export function createLooseMessages(): LooseMessages {
  const listeners = new Set<Listener<(message: Loose) => void>>();
  const responders = new Set<Listener<Answer>>();
  let queue: Loose[] = [];

  function deliver(): void {
    const due = queue;
    queue = [];
    for (const message of due)
      for (const { fits, take, onError } of listeners) {
        if (!fits(message.subject)) continue;
        try {
          take(message);
        } catch (error) {
          onError(error, message.subject);
        }
      }
  }

  function add<T>(set: Set<Listener<T>>, pattern: string, take: T, onError: OnError): Subscription {
    const listener = { fits: matcherOf(pattern), take, onError };
    set.add(listener);
    return { stop: () => void set.delete(listener) };
  }

  async function ask({ take, onError }: Listener<Answer>, message: Loose): Promise<string | undefined> {
    try {
      return await take(message);
    } catch (error) {
      onError(error, message.subject);
      return undefined;
    }
  }

  return {
    publish(subject, data) {
      if (queue.length === 0) setImmediate(deliver);
      queue.push({ subject, data });
    },
    subscribe: (pattern, take, onError) => add(listeners, pattern, take, onError),
    respond: (pattern, answer, onError) => add(responders, pattern, answer, onError),
    async request(subject, data, timeoutMs) {
      const asked = [...responders].filter(({ fits }) => fits(subject));
      if (asked.length === 0) throw new Failure("retry", "NO_REPLY", `nobody listens on "${subject}"`);
      return new Promise<string>((resolve, reject) => {
        const giveUp = (): void => reject(new Failure("retry", "NO_REPLY", `no answer on "${subject}" within ${timeoutMs} ms`));
        const timer = setTimeout(giveUp, timeoutMs);
        setImmediate(() => {
          for (const responder of asked)
            void ask(responder, { subject, data }).then((answer) => {
              if (answer === undefined) return;
              clearTimeout(timer);
              resolve(answer);
            });
        });
      });
    },
  };
}

import { Failure } from "@tradewind/core";
import type { FromHost } from "./protocol.ts";

/** Runs that a host process has not answered. */
export interface Calls {
  /** `send` is given the number the answer will carry. */
  run(send: (id: number) => void): Promise<Float32Array>;
  take(answer: Extract<FromHost, { readonly type: "done" | "failed" }>): void;
  /** The process has ended: what waits, and what comes, fails with this. */
  lose(failure: Failure): void;
}

interface Waiting {
  readonly resolve: (probabilities: Float32Array) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** `hung` is called when an answer takes longer than `hungMs`. */
export function createCalls(hungMs: number, hung: () => void): Calls {
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let gone: Failure | undefined;
  return {
    run(send) {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        if (gone !== undefined) return reject(gone);
        waiting.set(id, { resolve, reject, timer: setTimeout(hung, hungMs) });
        send(id);
      });
    },
    take(answer) {
      const request = waiting.get(answer.id);
      waiting.delete(answer.id);
      clearTimeout(request?.timer);
      if (answer.type === "done") request?.resolve(answer.probabilities);
      else request?.reject(new Failure("service", answer.code, answer.message));
    },
    lose(failure) {
      gone = failure;
      for (const { reject, timer } of waiting.values()) {
        clearTimeout(timer);
        reject(failure);
      }
      waiting.clear();
    },
  };
}

import { setImmediate as turn } from "node:timers/promises";
import type { Consumer, Stored } from "../bus.ts";
import type { Log } from "./log.ts";

const BATCH = 256;

/** Delivers what fits `filter` after a sequence, one message after the other, and waits for appends at the end. */
export function startConsumer(log: Log, filter: string, after: number, take: (message: Stored) => void | Promise<void>): Consumer {
  const next = log.reader(filter);
  let stopped = false;
  let wake = (): void => undefined;
  const release = log.onAppend(() => wake());

  async function run(): Promise<void> {
    let position = after;
    for (;;) {
      // A turn of the event loop between batches: a listener that never waits must not starve the others.
      await turn();
      const { messages, reached } = next(position, BATCH);
      for (const message of messages) {
        if (stopped) return;
        const done = take(message);
        if (done !== undefined) await done;
      }
      position = reached;
      if (stopped) return;
      if (position >= log.end()) await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  const failed = run().finally(release);
  // Whoever wants to know looks at `failed`; a consumer nobody looks at must not end the process.
  failed.catch(() => undefined);
  return {
    failed,
    stop() {
      stopped = true;
      wake();
      return failed.catch(() => undefined);
    },
  };
}

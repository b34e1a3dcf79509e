import type { Consumer, Stored } from "../bus.ts";
import type { Delivered } from "./pull.ts";
import { openReader, type Start } from "./reader.ts";
import { textOf } from "./text.ts";
import type { Link } from "./link.ts";

export const storedOf = ({ subject, seq, time, message }: Delivered): Stored => ({ subject, seq, time, data: textOf(message.data) });

/** `Bus.consume` on NATS. */
export async function startConsumer(
  link: Link,
  stream: string,
  filter: string,
  start: Start,
  take: (message: Stored) => void | Promise<void>,
): Promise<Consumer> {
  const reader = await openReader({ link, stream, filter, start });
  let stopped = false;

  async function run(): Promise<void> {
    for (;;) {
      const batch = await reader.batch();
      if (batch === undefined) return;
      for (const delivered of batch) {
        if (stopped) return;
        const done = take(storedOf(delivered));
        if (done !== undefined) await done;
      }
    }
  }

  const failed = run().finally(() => reader.stop());
  // Whoever wants to know looks at `failed`; a consumer nobody looks at must not end the process.
  failed.catch(() => undefined);
  return {
    failed,
    stop() {
      stopped = true;
      reader.stop();
      return failed.catch(() => undefined);
    },
  };
}

/** What the stream has of a filter now, to its end. */
export async function* readToEnd(link: Link, stream: string, filter: string, start: Start, end: Promise<number>): AsyncGenerator<Stored> {
  const last = await end;
  if (last === 0 || (typeof start === "object" && "after" in start && start.after === last)) return;
  const reader = await openReader({ link, stream, filter, start });
  try {
    while (reader.pending > 0) {
      const batch = (await reader.batch()) ?? [];
      for (const delivered of batch) {
        if (delivered.seq > last) return;
        yield storedOf(delivered);
        if (delivered.seq === last || delivered.pending === 0) return;
      }
    }
  } finally {
    reader.stop();
  }
}

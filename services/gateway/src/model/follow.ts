import type { Consumer, From, Stored } from "@tradewind/bus";
import { lineOf, type ServiceContext } from "@tradewind/kit";

const AGAIN_MS = 1_000;

/** Reads a pattern for as long as the service runs: when the stream cannot be read, it goes on where it stopped. */
export function follow(context: ServiceContext, filter: string, from: From, take: (message: Stored) => void): { stop(): Promise<void> } {
  let after = from;
  let consumer: Consumer | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function open(): Promise<void> {
    try {
      consumer = await context.bus.consume({
        filter,
        from: after,
        take(message) {
          after = { after: message.seq };
          take(message);
        },
      });
      if (stopped) return await consumer.stop();
      await consumer.failed;
    } catch (error) {
      context.log.warn(`${filter} cannot be read (${lineOf(error)}); trying again`);
    }
    if (!stopped) timer = setTimeout(() => void open(), AGAIN_MS);
  }

  void open();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await consumer?.stop();
    },
  };
}

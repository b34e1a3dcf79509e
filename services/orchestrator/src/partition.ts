import { isFailure } from "@tradewind/core";
import type { Work } from "@tradewind/kit";
import { openSession, type Session, type SessionOptions } from "./session.ts";

const RETRY_MS = 500;

/** Works one variant. When another instance has decided first, its word counts: everything is read again from the log. */
export async function startPartition(options: SessionOptions): Promise<Work> {
  const { context, metrics, running } = options;
  const stopping = new AbortController();
  let session: Session = await openSession(options);

  async function run(): Promise<void> {
    for (;;) {
      const overtakenOn = await Promise.race([session.overtaken, aborted(stopping.signal)]);
      await session.stop();
      if (overtakenOn === undefined) return;
      const line = `variant ${running.desired.id}: another instance has decided on ${overtakenOn}; reading the log again`;
      context.log.warn(line);
      context.state.note(line);
      session = await reopen();
    }
  }

  /** The bus may be away just now. */
  async function reopen(): Promise<Session> {
    for (;;) {
      try {
        return await openSession(options);
      } catch (error) {
        if (!isFailure(error) || error.action !== "retry" || stopping.signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  const working = run();
  working.catch((error: unknown) => !stopping.signal.aborted && context.fail(error));
  return {
    async stop() {
      stopping.abort();
      await working.catch(() => undefined);
      metrics.forget(running.loaded.plan);
    },
  };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined));
  });
}

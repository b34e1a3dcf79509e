import { setImmediate as turn } from "node:timers/promises";
import type { Consumer, WorkOptions } from "../bus.ts";
import { givenBack } from "../options.ts";
import type { Claim, WorkQueue } from "./work-queue.ts";

/** `Bus.work` on the embedded queue. */
export function startWorker(queue: WorkQueue, subject: string, take: WorkOptions["take"], onError: (error: unknown) => void): Consumer {
  let stopped = false;
  let woken = true;
  let wake = (): void => undefined;
  const release = queue.onFree(() => {
    woken = true;
    wake();
  });

  async function work(claim: Claim): Promise<void> {
    try {
      await take(claim.message, () => claim.renew());
      await claim.done();
    } catch (error) {
      claim.giveBack();
      if (!givenBack(error)) onError(error);
    }
  }

  async function run(): Promise<void> {
    for (;;) {
      await turn();
      if (stopped) return;
      woken = false;
      const claim = queue.claim(subject);
      if (claim !== undefined) await work(claim);
      else if (!woken) await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  const failed = run().finally(release);
  // Whoever wants to know looks at `failed`; a worker nobody looks at must not end the process.
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

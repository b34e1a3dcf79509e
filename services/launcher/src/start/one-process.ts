import type { Bus } from "@tradewind/bus";
import type { SystemConfig } from "@tradewind/config";
import { isFailure } from "@tradewind/core";
import { lineOf, startService, type Host, type ServiceDefinition, type StartedService } from "@tradewind/kit";

export interface OneProcessOptions {
  readonly bus: Bus;
  readonly config: SystemConfig;
  readonly configDir: string;
  /** In the order they start; they end in reverse. */
  readonly definitions: readonly ServiceDefinition[];
  readonly logTo: NonNullable<Host["logTo"]>;
  /** One line for the person who watches. */
  readonly say: (text: string) => void;
}

/** Services running in this process. */
export interface OneProcess {
  /** Rejects when a service cannot be kept up. */
  readonly failed: Promise<never>;
  /** Ends all, the first one last. */
  stop(): Promise<void>;
}

const RESTART_FIRST_MS = 500;
const RESTART_MOST_MS = 10_000;
/** So many failures in a row without a quiet minute between, and the whole ends. */
const FAILURES_MOST = 6;
const QUIET_MS = 60_000;

/** Starts every service; one that fails later is started again, ever later. Throws what a first start throws, with nothing left open. */
export async function startOneProcess(options: OneProcessOptions): Promise<OneProcess> {
  const slots: Slot[] = [];
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const stop = async (): Promise<void> => {
    for (const slot of slots.toReversed()) await slot.stop();
  };
  try {
    for (const [i, definition] of options.definitions.entries())
      slots.push(await keepUp(options, definition, i === 0, (error) => failure.reject(error)));
  } catch (error) {
    await stop();
    throw error;
  }
  return { failed: failure.promise, stop };
}

interface Slot {
  stop(): Promise<void>;
}

async function keepUp(
  options: OneProcessOptions,
  definition: ServiceDefinition,
  processMetrics: boolean,
  giveUp: (error: unknown) => void,
): Promise<Slot> {
  const { bus, config, configDir, logTo, say } = options;
  const host = { bus, config, configDir, processMetrics, logTo };
  const ended = new AbortController();
  let failures = 0;
  let startedAt = Date.now();
  let running: StartedService | undefined = await startService(definition, host);
  let turn = Promise.resolve();
  watch(running);

  function watch(service: StartedService): void {
    service.failed.catch((error: unknown) => {
      turn = turn.then(() => again(service, error));
    });
  }

  async function again(service: StartedService, error: unknown): Promise<void> {
    if (ended.signal.aborted) return;
    running = undefined;
    await service.stop();
    for (let cause = error; !ended.signal.aborted;) {
      failures = Date.now() - startedAt > QUIET_MS ? 1 : failures + 1;
      if (failures > FAILURES_MOST || (isFailure(cause) && cause.action === "input")) return giveUp(cause);
      const waitMs = Math.min(RESTART_FIRST_MS * 2 ** (failures - 1), RESTART_MOST_MS);
      say(`${definition.name} failed: ${lineOf(cause)}; starting it again in ${waitMs / 1000} s`);
      await pause(waitMs, ended.signal);
      if (ended.signal.aborted) return;
      startedAt = Date.now();
      try {
        running = await startService(definition, host);
        return watch(running);
      } catch (next) {
        cause = next;
      }
    }
  }

  return {
    async stop() {
      ended.abort();
      await turn;
      await running?.stop();
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

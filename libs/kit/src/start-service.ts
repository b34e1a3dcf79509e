import { randomBytes } from "node:crypto";
import type { Bus } from "@tradewind/bus";
import type { SystemConfig } from "@tradewind/config";
import type { DestinationStream } from "pino";
import { openMarketClock } from "./clock.ts";
import type { ServiceContext, ServiceDefinition } from "./context.ts";
import { createLogger, lineOf } from "./logger.ts";
import { createMetrics } from "./metrics.ts";
import { openRun } from "./run.ts";
import { runLost } from "./run-lost.ts";
import { openStateBoard } from "./state-board.ts";

/** What a process offers the services in it. */
export interface Host {
  readonly bus: Bus;
  readonly config: SystemConfig;
  readonly configDir: string;
  /** Adds the metrics of the process: for one service of it. */
  readonly processMetrics: boolean;
  /** Where log lines go; standard error by default. */
  readonly logTo?: DestinationStream;
  /** Name of this instance; drawn when left out. */
  readonly instance?: string;
}

export interface StartedService {
  readonly context: ServiceContext;
  /** Rejects when the service cannot go on. */
  readonly failed: Promise<never>;
  /** Ends it: partitions are released, checkpoints saved, in reverse order of opening. */
  stop(): Promise<void>;
}

/** Longest a service may take to end; what hangs beyond is left. */
const STOP_MOST_MS = 4_000;

/** Builds and runs one service on a bus whose streams exist. Throws what its build throws, with nothing left open. */
export async function startService(definition: ServiceDefinition, host: Host): Promise<StartedService> {
  const { bus, config, configDir } = host;
  const service = definition.name;
  const instance = host.instance ?? `${service}-${randomBytes(3).toString("hex")}`;
  const ended = new AbortController();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const log = createLogger(service, instance, config.log.level, host.logTo);
  const metrics = createMetrics(service, instance, host.processMetrics);
  const stack = new AsyncDisposableStack();
  try {
    const run = await openRun(bus, config.run.clock);
    const state = openStateBoard(bus, service, instance);
    stack.defer(() => state.stop());
    const clock = await openMarketClock(bus, Date.now, (line) => {
      log.warn(line);
      state.note(line);
    });
    stack.defer(() => clock.stop());
    const fail = (error: unknown): void => {
      log.error({ err: error }, `cannot go on: ${lineOf(error)}`);
      failure.reject(error);
    };
    const status = bus.onStatus((connected, detail) => {
      metrics.busConnected.set(connected ? 1 : 0);
      state.set(connected ? "running" : "degraded");
      state.note(connected ? "the bus is back" : `the bus is away: ${detail}`);
      log.warn(connected ? "the bus is back" : `the bus is away: ${detail}`);
      if (connected) void runLost(bus, run, ended.signal).then((lost) => lost !== undefined && fail(lost));
    });
    stack.defer(() => status.stop());
    metrics.busConnected.set(1);
    const context: ServiceContext = {
      service,
      instance,
      bus,
      config,
      configDir,
      run,
      clock,
      log,
      metrics,
      state,
      signal: ended.signal,
      fail,
    };
    await definition.build(context, stack);
    state.set("running");
    log.info(`running, clock of ${run.clock}`);
    return {
      context,
      failed: failure.promise,
      async stop() {
        state.set("stopping");
        ended.abort();
        await atMost(STOP_MOST_MS, stack.disposeAsync());
      },
    };
  } catch (error) {
    ended.abort();
    await atMost(STOP_MOST_MS, stack.disposeAsync());
    throw error;
  }
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

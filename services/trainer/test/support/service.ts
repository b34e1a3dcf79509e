import { connectNats, openEmbeddedBus, type Bus } from "@tradewind/bus";
import { loadSystem, type SystemConfig } from "@tradewind/config";
import type { JobRecord } from "@tradewind/contracts";
import { calendarNamed } from "@tradewind/core";
import { askJob, isEnded, readJob, startService, type BuildService, type StartedService } from "@tradewind/kit";
import { importCsv, openCandleStore } from "@tradewind/store";
import { eventually, tempDir } from "@tradewind/testkit";
import { buildWith } from "../../src/build.ts";
import { walkCsv } from "./candles.ts";

/** Settings of an installation whose store holds candles of BTC/USDT:USDT at bybit. */
export async function installation(candles = 2_000): Promise<SystemConfig> {
  const dir = tempDir("tradewind-installation-");
  await importCsv(walkCsv(candles), {
    venue: "bybit",
    instrument: "BTC-USDT-PERP",
    calendar: calendarNamed("crypto-24-7"),
    store: openCandleStore(dir),
  });
  return loadSystem(dir, {}, { data: { dir }, training: { dir: `${dir}/models` }, market: { feed: "replay" }, log: { level: "fatal" } });
}

/** What a small job asks for. */
export function smallJob(model: string, over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    model,
    family: "cnn",
    symbol: "BTC/USDT:USDT",
    broker: "bybit",
    from: "2024-01-01T00:00:00Z",
    to: "2024-01-02T00:00:00Z",
    settings: { epochs: 2, folds: 2 },
    ...over,
  };
}

const CHECKPOINT_EVERY_MS = 100;

export async function trainer(bus: Bus, config: SystemConfig): Promise<StartedService> {
  const build: BuildService = (context, stack) => buildWith({ checkpointEveryMs: CHECKPOINT_EVERY_MS, nice: 0 }, context, stack);
  return startService({ name: "trainer", build }, { bus, config, configDir: config.data.dir, processMetrics: false });
}

/** A lost worker's job is given again this soon. */
const ACK_WAIT_MS = 2_000;

export const openNats = (servers: string): Promise<Bus> => connectNats({ servers, name: "test", ackWaitMs: ACK_WAIT_MS });

export async function openMemory(): Promise<Bus> {
  const bus = await openEmbeddedBus(":memory:", { ackWaitMs: ACK_WAIT_MS });
  await bus.ensure();
  return bus;
}

export function ask(bus: Bus, id: string, parameters: Record<string, unknown>): Promise<JobRecord> {
  const asker = { bus, instance: "test", run: { run: "r", clock: "wall", startedAt: 0 } as const };
  return askJob(asker, { id, kind: "train", by: "test", parameters });
}

export function ended(bus: Bus, id: string): Promise<JobRecord> {
  return eventually(
    async () => {
      const job = await readJob(bus, id);
      return job !== undefined && isEnded(job) ? job : undefined;
    },
    { timeoutMs: 100_000, message: `job ${id} has not ended` },
  );
}

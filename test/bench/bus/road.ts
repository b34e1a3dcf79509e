import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { connectNats, type Bus } from "@tradewind/bus";
import { parseVariant } from "@tradewind/config";
import { decodeMessage, subjectOf, type DesiredVariant } from "@tradewind/contracts";
import { eventually, startNats, startRedis } from "@tradewind/testkit";

const root = join(import.meta.dirname, "../../..");
const SERVICES = ["market-data", "strategy", "model-inference", "orchestrator", "execution"];
const INSTRUMENT = "BTC-USDT-PERP";
const START = Date.UTC(2026, 0, 5);

export interface RoadOptions {
  readonly candles: number;
  /** Candles a second; left out, as fast as they go. */
  readonly pace?: number;
  /** Candles between two turns of the strategy. */
  readonly every: number;
}

/** The five services as processes on servers of their own, working a seeded replay on the events clock. */
export interface Road {
  readonly bus: Bus;
  readonly nc: NatsConnection;
  /** The last candle has been decided on. */
  worked(timeoutMs: number): Promise<void>;
  /** Resident memory by service. */
  memoryMb(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export async function startRoad(options: RoadOptions): Promise<Road> {
  const dir = mkdtempSync(join(tmpdir(), "tradewind-bench-"));
  const nats = await startNats();
  const redis = await startRedis();
  const configDir = writeConfig(dir, options, nats.url, redis.url);
  const bus = await connectNats({ servers: nats.url, name: "bench" });
  await bus.ensure();
  const desired = desiredVariant(configDir, options);
  await bus.kv("variants").put(desired.id, JSON.stringify(desired));
  const children = SERVICES.map((name) => startChild(name, configDir));
  const nc = await connect({ servers: nats.url, noAsyncTraces: true });
  return {
    bus,
    nc,
    worked: (timeoutMs) => lastDecided(bus, options.candles, timeoutMs),
    memoryMb: async () =>
      Object.fromEntries(
        children.map(({ name, child }) => {
          const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
          return [name, Number(kib) / 1024];
        }),
      ),
    async stop() {
      await Promise.all(children.map(({ child }) => ended(child)));
      await nc.close();
      await bus.close();
      await nats.stop();
      await redis.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function writeConfig(dir: string, { candles, pace }: RoadOptions, natsUrl: string, redisUrl: string): string {
  const configDir = join(dir, "configs");
  mkdirSync(join(configDir, "variants"), { recursive: true });
  copyFileSync(join(import.meta.dirname, "flip.js"), join(configDir, "flip.js"));
  let text = "time_ms,open,high,low,close,volume\n";
  for (let i = 0; i < candles; i++) text += `${START + i * 60_000},60000,60010,59990,${60_000 + (i % 7)},10\n`;
  const file = join(dir, "candles.csv");
  writeFileSync(file, text);
  const system = {
    run: { clock: "events" },
    bus: { url: natsUrl },
    redis: { url: redisUrl },
    market: { feed: "replay", files: { [INSTRUMENT]: file }, keep: false, ...(pace !== undefined && { pace }) },
    log: { level: "warn" },
    data: { dir: join(dir, "data"), cache_dir: join(dir, "cache") },
  };
  writeFileSync(join(configDir, "system.yaml"), JSON.stringify(system));
  return configDir;
}

function desiredVariant(configDir: string, { every }: RoadOptions): DesiredVariant {
  const text = JSON.stringify({
    variants: { broker: "bybit", strategy: "custom", mode: "paper", asset_class: "futures" },
    strategy_file: "../flip.js",
    strategy_config: { every },
    trading_symbols: ["BTC/USDT:USDT"],
    risk_settings: { max_daily_loss_pct: null, max_drawdown_pct: null },
    account: { id: "bench" },
  });
  const { configHash } = parseVariant(text, join(configDir, "variants", "bench.json"));
  return { id: "bench", revision: 1, effectiveFrom: 0, enabled: true, text, configHash, by: "bench" };
}

function startChild(name: string, configDir: string): { name: string; child: ChildProcess } {
  const child = spawn(process.execPath, [join(root, "services", name, "src/main.ts")], {
    env: { ...process.env, TRADEWIND_CONFIG: configDir, TRADEWIND__HTTP__PORT: "0" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return { name, child };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

async function lastDecided(bus: Bus, candles: number, timeoutMs: number): Promise<void> {
  const subject = subjectOf("decision", { variant: "bench", instrument: INSTRUMENT });
  await eventually(
    async () => {
      const last = await bus.last(subject);
      const decoded = last && decodeMessage("decision", last.data);
      const closeTime = decoded?.ok === true ? decoded.envelope.data.closeTime : 0;
      if (closeTime !== START + candles * 60_000) throw new Error(`decided up to ${closeTime}`);
      return true;
    },
    { timeoutMs, message: "the last candle is decided on" },
  );
}

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectNats, type Bus } from "@tradewind/bus";
import { parseVariant } from "@tradewind/config";
import type { DesiredVariant, ServiceReply } from "@tradewind/contracts";
import { registerModel, type InferenceStats } from "@tradewind/model-inference";
import { eventually, startNats } from "@tradewind/testkit";
import { commandOf, MODEL, modelFile, seededRows } from "./task.ts";

const root = join(import.meta.dirname, "../../..");
const PATIENCE_MS = 20_000;
const TICKS_PER_SECOND = 100;

/** model-inference as a process on a real nats-server, and a bare responder beside it. */
export interface Service {
  readonly bus: Bus;
  predict(command: string): Promise<ServiceReply>;
  /** CPU so far, ms: of the service and its hosts, and of the bare responder. */
  cpuMs(): Promise<{ readonly service: number; readonly echo: number }>;
  stop(): Promise<void>;
}

export async function startService(maxBatch: number): Promise<Service> {
  const dir = mkdtempSync(join(tmpdir(), "tradewind-bench-"));
  const nats = await startNats();
  const bus = await connectNats({ servers: nats.url, name: "bench" });
  await bus.ensure();
  await registerModel(bus, MODEL, await modelFile());
  const configDir = join(dir, "configs");
  mkdirSync(join(configDir, "variants"), { recursive: true });
  const system = {
    bus: { url: nats.url },
    log: { level: "error" },
    data: { dir: join(dir, "data"), cache_dir: join(dir, "cache") },
    inference: { max_batch: maxBatch },
  };
  writeFileSync(join(configDir, "system.yaml"), JSON.stringify(system));
  const desired = desiredVariant(configDir);
  await bus.kv("variants").put(desired.id, JSON.stringify(desired));
  const child = spawn(process.execPath, [join(root, "services/model-inference/src/main.ts")], {
    env: { ...process.env, TRADEWIND_CONFIG: configDir, TRADEWIND__HTTP__PORT: "0" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ask = async (verb: string, text: string): Promise<ServiceReply> =>
    JSON.parse(await bus.request(`tw.command.model-inference.${verb}`, text, PATIENCE_MS)) as ServiceReply;
  const stats = async (): Promise<InferenceStats> => (await ask("stats", commandOf(seededRows(1), 1))).data as InferenceStats;
  const host = await eventually(async () => (await stats()).models[MODEL]?.pid, { timeoutMs: PATIENCE_MS });
  const reply = await ask("predict", commandOf(seededRows(1), 1));
  const echo = spawn(process.execPath, [join(import.meta.dirname, "echo.ts"), nats.url, String(JSON.stringify(reply).length)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(echo.stdout, "data");
  return {
    bus,
    predict: (command) => ask("predict", command),
    cpuMs: () => Promise.resolve({ service: cpuMsOf(child.pid!) + cpuMsOf(host), echo: cpuMsOf(echo.pid!) }),
    async stop() {
      await Promise.all([ended(child), ended(echo)]);
      await bus.close();
      await nats.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A variant that wants the model, so that it is leased and stays loaded. */
function desiredVariant(configDir: string): DesiredVariant {
  const text = JSON.stringify({
    variants: { broker: "bybit", strategy: "rsi", mode: "paper", asset_class: "futures" },
    trading_symbols: ["BTC/USDT:USDT"],
    models: [{ id: MODEL }],
    account: { id: "bench" },
  });
  const { configHash } = parseVariant(text, join(configDir, "variants", "bench.json"));
  return { id: "bench", revision: 1, effectiveFrom: 0, enabled: true, text, configHash, by: "bench" };
}

/** User and system time of a process. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

import { createServer } from "node:http";
import { mkdirSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connectNats, type Bus } from "@tradewind/bus";
import { eventually, freePort, startNats, startRedis, tempDir } from "@tradewind/testkit";
import { createDoor } from "./support/door.ts";
import { desire } from "./support/embedded.ts";
import { ledgerOf } from "./support/ledger.ts";
import { exitOf, noted, statesOf } from "./support/notes.ts";
import { startProcess, type ServiceName, type ServiceProcess } from "./support/processes.ts";
import { createWorkspace } from "./support/workspace.ts";

const LONG_MS = 30_000;

/** A folder of settings with this text as its system.yaml. */
function settings(text: string): string {
  const dir = tempDir("tradewind-settings-");
  mkdirSync(join(dir, "variants"));
  writeFileSync(join(dir, "system.yaml"), text);
  return dir;
}

/** One line on standard error that names what is wrong. */
function line(process: ServiceProcess): string {
  const lines = process.output().trim().split("\n");
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

describe("given a process that cannot run as it is set up, when it starts, then it ends with code 2 and one line that names the cause", () => {
  test("no folder of settings, a broken system.yaml, a taken port, a wrong password", { timeout: 60_000 }, async () => {
    const nats = await startNats({ config: 'authorization { users: [{ user: "road", password: "right" }] }' });
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const cases: readonly (readonly [string, NodeJS.ProcessEnv, string])[] = [
      [join(tempDir("tradewind-settings-"), "absent"), {}, "absent"],
      [settings("market: { speed: fast }"), {}, "market.speed"],
      [settings("{{{"), {}, "system.yaml"],
      [settings(""), { TRADEWIND__HTTP__PORT: String(port) }, String(port)],
      [settings(JSON.stringify({ bus: { url: nats.url, user: "road", password: "wrong" } })), {}, "road"],
    ];
    const started = cases.map(([folder, env, named]) => ({ process: startProcess("strategy", folder, env), named }));
    for (const { process, named } of started) {
      expect(await exitOf(process)).toBe(2);
      expect(line(process)).toContain(named);
      expect(process.output()).not.toContain("wrong");
    }
    other.close();
    await nats.stop();
  });
});

/** A road on a bus behind a door, with a variant that trades all the time. */
const busy = (natsUrl: string, redis: object) =>
  createWorkspace({
    system: {
      bus: { url: natsUrl },
      redis,
      market: { feed: "simulated", speed: 120, keep: false, warmup_bars: 50 },
      log: { level: "error" },
    },
    variants: {
      busy: {
        variants: { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "futures" },
        strategy_config: { lookback_period: 2, threshold_buy: 0.01, threshold_sell: -0.01 },
        trading_symbols: ["BTC/USDT:USDT"],
        timeframes: ["1m", "1s"],
        risk_settings: { max_daily_loss_pct: null, max_drawdown_pct: null },
        account: { id: "busy" },
      },
    },
  });

async function grows(bus: Bus, more: number, services: readonly ServiceProcess[]): Promise<void> {
  const { length } = await ledgerOf(bus, "busy");
  const check = async (): Promise<true> => {
    if ((await ledgerOf(bus, "busy")).length >= length + more) return true;
    throw new Error(services.map(({ name, output }) => `${name}: ${output()}`).join("\n"));
  };
  await eventually(check, { timeoutMs: LONG_MS, message: "the ledger grows" });
}

describe("given a road whose servers fail it", () => {
  test(
    "when NATS is not there, then it waits; when Redis refuses the password or goes, trading goes on; when NATS comes back empty, every process ends and begins anew",
    { timeout: 120_000 },
    async () => {
      const first = await startNats();
      const second = await startNats();
      const redis = await startRedis({ password: "right" });
      const natsPort = await freePort();
      const door = createDoor(natsPort);
      const workspace = busy(`nats://127.0.0.1:${natsPort}`, { url: redis.url, password: "wrong" });
      const names: readonly ServiceName[] = ["market-data", "strategy", "orchestrator", "execution"];
      const start = (): ServiceProcess[] => names.map((name) => startProcess(name, workspace.configDir, {}));
      let services = start();
      const open = async (server: typeof first): Promise<Bus> => {
        const bus = await connectNats({ servers: server.url, name: "test" });
        await bus.ensure();
        await desire(bus, workspace);
        return bus;
      };
      const one = await open(first);
      await (await open(second)).close();
      // Each has said once that it waits, and waits.
      await eventually(() => services.every((service) => service.output().includes("BUS_UNREACHABLE")), { timeoutMs: LONG_MS });
      for (const service of services) line(service);
      await door.leadTo(first);
      await grows(one, 10, services);
      await noted(one, "market-data", redis.url.replace("redis://", ""));
      await redis.kill();
      await grows(one, 10, services);

      await door.leadTo(second);
      for (const service of services) {
        expect(await exitOf(service)).toBe(1);
        expect(service.output().trim().split("\n").at(-1)).toMatch(/RUN_LOST|LOG_LOST/);
      }
      services = start();
      const bus = await connectNats({ servers: second.url, name: "test" });
      await grows(bus, 10, services);
      expect((await ledgerOf(bus, "busy")).map(({ n }) => n)[0]).toBe(1);
      expect((await statesOf(bus, "execution")).map(({ state }) => state)).toContain("running");

      await Promise.all(services.map((service) => service.kill("SIGTERM")));
      await one.close();
      await bus.close();
      await door.close();
      await Promise.all([first.stop(), second.stop(), redis.stop()]);
      workspace[Symbol.dispose]();
    },
  );
});

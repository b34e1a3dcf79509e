import { spawn } from "node:child_process";
import { eventually, freePort, startNats } from "@tradewind/testkit";
import { expect, it } from "vitest";
import type { StatusAnswer } from "../src/answers.ts";
import { cliIn, repo } from "./support.ts";
import { busyVariant, ground } from "./support-system.ts";

it(
  "given services as processes on NATS, when one is killed, then it is started again and the market goes on; Ctrl-C ends all",
  { timeout: 180_000 },
  async () => {
    const nats = await startNats();
    const port = await freePort();
    const place = ground(
      { busy: busyVariant() },
      {
        bus: { url: nats.url },
        http: { port: 0 },
        gateway: { port, token: "0123456789abcdef0123" },
        market: { speed: 240, warmup_bars: 50, keep: false },
        log: { level: "error" },
      },
    );
    const child = spawn(process.execPath, [repo("services/launcher/src/main.ts"), "services", "--config", place.configDir], {
      cwd: place.path,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stdout.on("data", (chunk) => (said += String(chunk)));
    child.stderr.on("data", (chunk) => (said += String(chunk)));
    const ended = new Promise((resolve) => child.on("close", resolve));
    try {
      const status = async (): Promise<StatusAnswer> => {
        const { code, out, err } = await cliIn(place.path, ["status", "--json", "--config", place.configDir], {});
        if (code !== 0) throw new Error(`${err} ${said}`);
        return JSON.parse(out) as StatusAnswer;
      };
      const strategyPid = async (): Promise<number | undefined> => {
        const { services, variants } = await status();
        if (variants.find(({ id }) => id === "busy")?.equity === undefined) return undefined;
        return services.find(({ service, state, partitions }) => service === "strategy" && state === "running" && partitions.length > 0)
          ?.pid;
      };
      const first = await eventually(strategyPid, { timeoutMs: 60_000, message: "the variant is traded" });
      process.kill(first, "SIGKILL");
      await eventually(
        async () => {
          const pid = await strategyPid();
          return pid !== undefined && pid !== first;
        },
        { timeoutMs: 60_000, message: "strategy works again in another process" },
      );
      child.kill("SIGINT");
      expect(await ended, said).toBe(0);
      const after = await cliIn(place.path, ["status", "--config", place.configDir], {});
      expect(after.code).toBe(1);
    } finally {
      if (child.exitCode === null) child.kill("SIGINT");
      await ended;
      await place.dispose();
      await nats.stop();
    }
  },
);

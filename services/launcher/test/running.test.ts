import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "@tradewind/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repo } from "./support.ts";
import { busyVariant, ground, type Ground, type System } from "./support-system.ts";

let place: Ground;
let system: System;
beforeAll(async () => {
  place = ground(
    { busy: busyVariant(), idle: busyVariant({ trading_symbols: ["ETH/USDT"] }) },
    { market: { warmup_bars: 50 }, start: { variants: ["busy"] } },
  );
  system = await place.start("--speed", "240");
  await system.fills(1);
});
afterAll(() => place.dispose());

const jsonOf = async (...argv: string[]): Promise<unknown> => {
  const { code, out, err } = await system.run(...argv, "--json");
  expect(code, out + err).toBe(0);
  return JSON.parse(out);
};

interface StatusJson {
  readonly simulated: boolean;
  readonly variants: readonly { readonly id: string; readonly enabled: boolean; readonly state?: string; readonly label?: string }[];
  readonly services: readonly { readonly service: string }[];
}

const variantOf = async (id: string) => ((await jsonOf("status")) as StatusJson).variants.find((variant) => variant.id === id);

describe("given a running system", () => {
  it("status says what runs, and that the market is simulated", async () => {
    const status = (await jsonOf("status")) as StatusJson;
    expect(status.simulated).toBe(true);
    expect(status.variants.find(({ id }) => id === "busy")).toMatchObject({ enabled: true, label: "simulated" });
    expect(new Set(status.services.map(({ service }) => service))).toEqual(
      new Set(["market-data", "strategy", "model-inference", "orchestrator", "execution", "trainer", "gateway"]),
    );
    const text = await system.run("status");
    expect(text.out).toContain("SIMULATED MARKET");
    expect(text.out).toMatch(/^busy {2}SIMULATED/m);
  });

  it("tap shows messages of a pattern as they pass, readable or as they are", async () => {
    const lines = await system.run("tap", "tw.decision.>", "--count", "2");
    expect(lines.code, lines.err).toBe(0);
    for (const line of lines.out.trimEnd().split("\n")) expect(line).toMatch(/^\S+ {2}tw\.decision\.busy\.BTC-USDT {2}(BUY|SELL|HOLD) at /);
    const raw = await system.run("tap", "tw.candle.*.*.1m", "--count", "1", "--json");
    expect(JSON.parse(raw.out)).toMatchObject({ subject: "tw.candle.bybit.BTC-USDT.1m", message: { data: { type: "candle" } } });
  });

  it("why tells of an order that was filled, and of a close", async () => {
    const fill = system.told.find(({ type }) => type === "fill") as unknown as { fill: { clientId: string; time: number } };
    const order = await system.run("why", fill.fill.clientId);
    expect(order.code, order.err).toBe(0);
    expect(order.out).toContain(fill.fill.clientId);
    const at = new Date(fill.fill.time).toISOString();
    const close = await system.run("why", "--variant", "busy", "--symbol", "BTC-USDT", "--at", at);
    expect(close.code, close.err).toBe(0);
    expect(close.out).toMatch(/BUY|SELL|HOLD/);
    const unknown = await system.run("why", "0".repeat(32));
    expect({ code: unknown.code, lines: unknown.err.trimEnd().split("\n").length }, unknown.err).toEqual({ code: 2, lines: 1 });
  });

  it("pause, resume, halt and close reach the account's owner", async () => {
    const states = async (verb: string, state: string): Promise<void> => {
      const done = await system.run(verb, "busy");
      expect(done.code, done.out + done.err).toBe(0);
      await eventually(async () => (await variantOf("busy"))?.state === state, { message: `${state} after ${verb}` });
    };
    await states("pause", "HALTED");
    await states("resume", "ACTIVE");
    await states("halt", "HALTED");
    expect((await system.run("close", "busy")).code).toBe(0);
    await states("resume", "ACTIVE");
    const unknown = await system.run("pause", "nobody");
    expect(unknown.code).toBe(2);
    expect(unknown.err).toMatch(/nobody/);
  });

  it("variants start and stop while the others go on", async () => {
    expect((await system.run("variants", "start", "idle")).code).toBe(0);
    await eventually(async () => (await variantOf("idle"))?.enabled);
    await eventually(() => system.told.some((told) => told.type === "fill" && JSON.stringify(told).includes('"variant":"idle"')), {
      timeoutMs: 60_000,
      message: "the variant that was started trades",
    });
    expect((await system.run("variants", "stop", "idle")).code).toBe(0);
    await eventually(async () => (await variantOf("idle"))?.enabled === false || undefined);
    const missing = await system.run("variants", "start", "nobody");
    expect(missing.code).toBe(2);
    const list = await system.run("variants", "list");
    expect(list.out).toMatch(/busy .*\n +runs: busy/);
  });

  it("ledger export gives the account's ledger from the gateway", async () => {
    const { code, out, err } = await system.run("ledger", "export", "--account", "paper-busy");
    expect(code, err).toBe(0);
    expect(out.split("\n")[0]).toContain("genesis");
  });

  it("a wrong token is refused in one line", async () => {
    writeFileSync(join(place.path, "wrong.token"), "0123456789abcdef0123456789abcdef");
    const { code, err } = await system.run("status", "--token-file", "wrong.token");
    expect(code).toBe(2);
    expect(err).toMatch(/refuses the token.*\n$/);
  });

  it("doctor finds it", async () => {
    const findings = JSON.parse((await system.run("doctor", "--json")).out) as { what: string; verdict: string }[];
    for (const name of ["Node", "gateway"]) expect(findings.find(({ what }) => what === name)?.verdict, name).toBe("ok");
  });
});

describe("given no system", () => {
  it.each(["status", "tap tw.decision.>", "why 00000001", "pause busy", "variants start busy"])(
    "%s says so in one line, exit code 1",
    async (words) => {
      const { code, err } = await system.run(...words.split(" "), "--url", "http://127.0.0.1:9");
      expect({ code, lines: err.trimEnd().split("\n").length }, err).toEqual({ code: 1, lines: 1 });
      expect(err).toMatch(/^no gateway answers at http:\/\/127\.0\.0\.1:9 /);
    },
  );
});

describe("given the program at the root in a terminal", () => {
  it("one Ctrl-C, told to every process of the command, ends it in order", async () => {
    const other = ground({ busy: busyVariant() }, { market: { warmup_bars: 20 } });
    const child = spawn(
      process.execPath,
      [repo("tradewind.mjs"), "start", "--json", "--port", "0", "--no-open", "--config", other.configDir],
      {
        cwd: other.path,
        stdio: ["ignore", "pipe", "inherit"],
        detached: true,
      },
    );
    try {
      let out = "";
      child.stdout.on("data", (chunk) => (out += String(chunk)));
      const ended = new Promise((resolve) => child.on("close", resolve));
      await eventually(() => out.includes('"type":"ready"'), { timeoutMs: 60_000 });
      process.kill(-child.pid!, "SIGINT");
      expect(await ended).toBe(0);
      expect(out).toContain('"type":"end"');
    } finally {
      if (child.exitCode === null) process.kill(-child.pid!, "SIGKILL");
      await other.dispose();
    }
  });
});

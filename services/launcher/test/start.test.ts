import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cliIn, walkCsv } from "./support.ts";
import { busyVariant, ground, type Ground } from "./support-system.ts";

const SPEED = ["--speed", "240"];

/** The canonical ledger of a stopped system. */
async function ledgerOf(place: Ground, account: string): Promise<string[]> {
  const { code, out, err } = await cliIn(place.path, ["ledger", "export", "--account", account, "--bus", "data/bus.sqlite"], {});
  expect(code, err).toBe(0);
  return out.split("\n").slice(0, -1);
}

/** The ledger's own arithmetic holds. */
async function expectSound(place: Ground, account: string): Promise<void> {
  const argv = ["ledger", "export", "--account", account, "--bus", "data/bus.sqlite", "--json", "--out", "ledger.jsonl"];
  expect((await cliIn(place.path, argv, {})).code).toBe(0);
  const { code, out, err } = await cliIn(place.path, ["ledger", "verify", "ledger.jsonl"], {});
  expect(code, out + err).toBe(0);
}

const typesIn = (lines: readonly string[], type: string): string[] => lines.filter((line) => line.split("|")[4] === type);

describe("given a start in an empty folder", () => {
  let place: Ground;
  beforeAll(() => {
    place = ground({ busy: busyVariant() }, { market: { warmup_bars: 50 } });
  });
  afterAll(() => place.dispose());

  it("when it is ended by Ctrl-C and killed on the way, each next one goes on from the same books", { timeout: 180_000 }, async () => {
    const first = await place.start(...SPEED);
    await first.fills(2);
    expect(await first.end("SIGINT")).toMatchObject({ code: 0, signal: null });
    const afterFirst = await ledgerOf(place, "paper-busy");

    const second = await place.start(...SPEED);
    await second.fills(2);
    expect(await second.end("SIGKILL")).toMatchObject({ signal: "SIGKILL" });
    const afterKill = await ledgerOf(place, "paper-busy");
    expect(afterKill.slice(0, afterFirst.length)).toEqual(afterFirst);

    const third = await place.start(...SPEED);
    await third.fills(2);
    expect(await third.end("SIGTERM")).toMatchObject({ code: 0 });
    const whole = await ledgerOf(place, "paper-busy");
    expect(whole.slice(0, afterKill.length)).toEqual(afterKill);
    expect(typesIn(whole, "genesis")).toHaveLength(1);
    const intended = typesIn(whole, "order_intended");
    expect(new Set(intended).size).toBe(intended.length);
    await expectSound(place, "paper-busy");
  });

  it("when it is started on another market or clock, one clear line and exit code 2", async () => {
    for (const [flags, says] of [
      [["--seed", "99"], /its seed is 1, not 99/],
      [["--clock", "events"], /its clock is of wall/],
    ] as const) {
      const { code, err } = await place.run("--port", "0", "--no-open", ...flags);
      expect({ code, lines: err.trimEnd().split("\n").length }, err).toEqual({ code: 2, lines: 1 });
      expect(err).toMatch(says);
      expect(err).toMatch(/--fresh/);
    }
  });

  it("when it starts fresh, the run before is kept aside and a new one begins", async () => {
    const before = await ledgerOf(place, "paper-busy");
    const fresh = await place.start("--fresh", ...SPEED);
    await fresh.fills(1);
    await fresh.end();
    const after = await ledgerOf(place, "paper-busy");
    expect(typesIn(after, "genesis")).toHaveLength(1);
    expect(after.slice(0, before.length)).not.toEqual(before);
  });
});

describe("given recorded candles on the events clock", () => {
  it("when it runs until their end, it ends by itself with the backtest's ledger", async () => {
    const place = ground({ recorded: busyVariant({ account: { id: "recorded" } }) }, { market: { keep: false } });
    try {
      const csv = join(place.path, "btc.csv");
      writeFileSync(csv, walkCsv(400, 5));
      const argv = ["--file", `BTC-USDT=${csv}`, "--until-end", "--port", "0", "--no-open", "--quiet", "recorded"];
      const { code, out, err } = await place.run(...argv);
      expect(code, out + err).toBe(0);
      const backtest = await cliIn(place.path, ["backtest", join(place.configDir, "variants/recorded.json"), "--data", csv], {});
      expect(backtest.code, backtest.err).toBe(0);
      const wanted = await cliIn(place.path, ["ledger", "export"], {});
      const lines = wanted.out.split("\n").slice(0, -1);
      expect(typesIn(lines, "fill").length).toBeGreaterThan(10);
      expect(await ledgerOf(place, "recorded")).toEqual(lines);
    } finally {
      await place.dispose();
    }
  });
});

describe("given something that stands in the way", () => {
  let place: Ground;
  beforeAll(() => {
    place = ground({
      busy: busyVariant(),
      real: busyVariant({ variants: { broker: "bybit", strategy: "momentum", mode: "live", asset_class: "crypto" } }),
    });
  });
  afterAll(() => place.dispose());

  it.each<[string, string[], RegExp]>([
    ["a variant that is not there", ["bussy"], /"bussy".*did you mean busy/],
    ["a live variant", ["real"], /mode live/],
    ["a bad speed", ["--speed", "fast"], /--speed "fast"/],
    ["a bad seed", ["--seed", "-1"], /--seed/],
    ["a bad port", ["--port", "70000"], /--port "70000"/],
    ["an unknown mode", ["--mode", "yolo"], /--mode "yolo".*web/],
    ["a training without its symbol", ["--mode", "train"], /--symbol/],
    ["a mode without its symbol", ["--mode", "trade"], /--symbol/],
    ["a symbol that nobody trades", ["--mode", "trade", "--symbol", "what?/"], /"what\?\/"/],
    ["candles that are not there", ["--file", "BTC-USDT"], /INSTRUMENT=FILE/],
    ["an end that never comes", ["--until-end"], /--until-end/],
  ])("%s: one clear line and exit code 2", async (_, argv, says) => {
    const { code, err } = await place.cli("start", "--no-open", "--port", "0", ...argv);
    expect({ code, lines: err.trimEnd().split("\n").length }, err).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(says);
  });

  it("a port that is taken, a folder in use, a folder that cannot be written: one clear line and exit code 2", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const taken = await place.run("--port", String(port), "--no-open");
    server.close();
    expect(taken.code).toBe(2);
    expect(taken.err).toMatch(new RegExp(`^port ${port} .*--port.*\\n$`));

    const running = await place.start();
    const locked = await place.run("--port", "0", "--no-open");
    await running.end();
    expect(locked.code).toBe(2);
    expect(locked.err).toMatch(/^another Tradewind runs on .*bus\.sqlite.*--data-dir.*\n$/);

    writeFileSync(join(place.path, "file"), "");
    const blocked = await place.run("--port", "0", "--no-open", "--data-dir", "file/below");
    expect(blocked.code, blocked.err).toBe(1);
    expect(blocked.err).toMatch(/file.*not a folder/);
    if (process.getuid?.() === 0) return;
    mkdirSync(join(place.path, "readonly"));
    chmodSync(join(place.path, "readonly"), 0o500);
    expect((await place.run("--port", "0", "--no-open", "--data-dir", "readonly")).code).toBe(2);
  });
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busyVariant, ground, type Ground } from "./support-system.ts";

describe("given the modes of start", () => {
  let place: Ground;
  beforeAll(() => {
    place = ground({ busy: busyVariant() });
  });
  afterAll(() => place.dispose());

  it("test: every check of the program by itself holds", async () => {
    const { code, out, err } = await place.cli("start", "--mode", "test", "--json");
    expect(code, out + err).toBe(0);
    const checks = JSON.parse(out) as { what: string; holds: boolean }[];
    expect(checks.length).toBeGreaterThan(3);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
  });

  it("backtest: a symbol of a variant, and one that no variant has, over the simulated market; the same seed twice is the same", async () => {
    const run = async (symbol: string, seed: string): Promise<Record<string, unknown>> => {
      const { code, out, err } = await place.cli("start", "--mode", "backtest", "--symbol", symbol, "--seed", seed, "--json");
      expect(code, err).toBe(0);
      return JSON.parse(out) as Record<string, unknown>;
    };
    const own = await run("BTC/USDT", "3");
    expect(own).toMatchObject({ variant: "busy", symbols: ["BTC/USDT"] });
    expect(own["fills"]).toBeGreaterThan(10);
    expect((await run("BTC/USDT", "3"))["ledger_hash"]).toBe(own["ledger_hash"]);
    expect((await run("BTC/USDT", "4"))["ledger_hash"]).not.toBe(own["ledger_hash"]);
    expect(await run("DOGE/USDT:USDT", "3")).toMatchObject({ variant: "trade_doge_usdt_usdt", symbols: ["DOGE/USDT:USDT"] });
  });

  it("trade and orchestrator: one symbol in a run of its own, with each decision and its votes", async () => {
    const system = await place.start("--mode", "orchestrator", "--symbol", "DOGE/USDT", "--speed", "240");
    await system.fills(1);
    await system.end();
    const decision = system.told.find(({ type }) => type === "decision");
    expect(decision).toMatchObject({ decision: { variant: "trade_doge_usdt", instrument: "DOGE-USDT" } });
    expect(JSON.stringify(decision)).toContain('"votes":[{"source"');
    expect(existsSync(join(place.path, "data/symbol-DOGE_USDT/bus.sqlite"))).toBe(true);
    expect(existsSync(join(place.path, "data/bus.sqlite"))).toBe(false);
  });
});

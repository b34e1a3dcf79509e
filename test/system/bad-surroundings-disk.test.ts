import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eventually, tempDir } from "@tradewind/testkit";
import { startEmbedded } from "./support/embedded.ts";
import { ledgerOf } from "./support/ledger.ts";
import { createWorkspace } from "./support/workspace.ts";

const SIZE_MB = 24;
const BALLAST_MB = 20;
const LONG_MS = 40_000;

/** A disk of its own, small; undefined where this user may mount none. */
function smallDisk(): { readonly dir: string; readonly [Symbol.dispose]: () => void } | undefined {
  const dir = tempDir("tradewind-disk-");
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE_MB}m`, "none", dir]).status !== 0) {
    process.stderr.write("full disk: left out, for this user may mount no small disk\n");
    return undefined;
  }
  return { dir, [Symbol.dispose]: () => void spawnSync("umount", ["-l", dir]) };
}

describe("given a bus file and a candle store on a disk that is full", () => {
  test(
    "when there is room again, then the run goes on by itself, nothing is lost, and a restart reads it all",
    { timeout: 120_000 },
    async () => {
      using disk = smallDisk();
      if (disk === undefined) return;
      using workspace = createWorkspace({
        system: {
          data: { dir: join(disk.dir, "data"), cache_dir: join(disk.dir, "cache") },
          market: { feed: "simulated", speed: 1_200, warmup_bars: 20 },
          log: { level: "fatal" },
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
      const ballast = join(disk.dir, "ballast");
      writeFileSync(ballast, Buffer.alloc(BALLAST_MB * 1_048_576));
      const file = join(disk.dir, "bus.sqlite");
      const system = await startEmbedded(workspace, file);
      let gone: unknown;
      for (const service of system.services) service.failed.catch((error: unknown) => (gone = error));
      const notes = (): string[] => system.services.flatMap(({ context }) => context.state.current().notes.map(({ text }) => text));
      const entries = async (): Promise<number> => (await ledgerOf(system.bus, "busy")).length;
      await eventually(() => notes().some((note) => note.includes("BUS_FULL")), { timeoutMs: LONG_MS, message: "a full disk is told" });
      const before = await entries();
      expect(gone).toBeUndefined();
      rmSync(ballast);
      await eventually(async () => (await entries()) > before + 10, {
        timeoutMs: LONG_MS,
        message: `trading goes on: ${notes().join("; ")}`,
      });
      expect(gone).toBeUndefined();
      const kept = await ledgerOf(system.bus, "busy");
      await system.stop();
      const again = await startEmbedded(workspace, file);
      await eventually(async () => (await ledgerOf(again.bus, "busy")).length > kept.length, { timeoutMs: LONG_MS });
      const whole = await ledgerOf(again.bus, "busy");
      expect(whole.slice(0, kept.length)).toEqual(kept);
      expect(whole.map(({ n }) => n)).toEqual(whole.map((_, i) => i + 1));
      await again.stop();
    },
  );
});

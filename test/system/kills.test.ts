import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { decodeMessage, patternOf } from "@tradewind/contracts";
import { eventually } from "@tradewind/testkit";
import { backtested, threeSymbols } from "./support/cases.ts";
import { roadNames, startCluster, type Cluster } from "./support/cluster.ts";
import { exported, fillsIn, ledgerOf, worked } from "./support/ledger.ts";
import { replay } from "./support/replay.ts";
import { createWorkspace } from "./support/workspace.ts";

const WORKED_MS = 240_000;
const MARKET_START = "2026-01-05T14:00:00Z";

async function flush(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
}

/** Waits until the account's ledger has grown by `more` entries. */
async function grown(cluster: Cluster, account: string, more: number): Promise<void> {
  // The bus may be away.
  const { length: before } = await eventually(() => ledgerOf(cluster.bus, account));
  await eventually(
    async () => {
      const { length } = await ledgerOf(cluster.bus, account);
      if (length < before + more) throw new Error(`${length} entries, wanted ${before + more}; ${cluster.output()}`);
      return true;
    },
    { timeoutMs: 60_000, message: "the ledger grows" },
  );
}

describe("given a run of five processes on the events clock", () => {
  test(
    "when each is killed in turn, NATS restarted, Redis flushed and killed, then the ledger is that of a backtest",
    { timeout: 2 * WORKED_MS },
    async () => {
      let workspace: ReturnType<typeof replay>;
      const cluster = await startCluster(
        (natsUrl, redisUrl) =>
          (workspace = replay(threeSymbols(6_000), {
            bus: { url: natsUrl },
            redis: { url: redisUrl },
            market: { pace: 400 },
          })),
      );
      try {
        for (const name of roadNames) {
          await grown(cluster, "same", 20);
          await cluster.bounce(name);
        }
        await grown(cluster, "same", 20);
        await flush(cluster.redis.url);
        await grown(cluster, "same", 20);
        await cluster.nats.restart();
        await grown(cluster, "same", 20);
        await cluster.redis.kill();
        await worked(cluster.bus, workspace!.variants[0]!, WORKED_MS);
        const wanted = await backtested(workspace!.variants[0]!, workspace!.files);
        expect(fillsIn(wanted)).toBeGreaterThan(200);
        expect(exported(await ledgerOf(cluster.bus, "same"))).toEqual(wanted);
      } finally {
        await cluster.stop();
      }
    },
  );
});

describe("given a run of five processes on the wall clock, on a fast simulated market", () => {
  test(
    "when each is killed in turn and NATS restarted, then trading goes on by itself and no decision is traded late",
    { timeout: WORKED_MS },
    async () => {
      const cluster = await startCluster((natsUrl, redisUrl) =>
        createWorkspace({
          system: {
            bus: { url: natsUrl },
            redis: { url: redisUrl },
            market: { feed: "simulated", speed: 120, start: MARKET_START, keep: false },
            log: { level: "warn" },
          },
          variants: {
            busy: {
              variants: { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "futures" },
              strategy_config: { lookback_period: 2, threshold_buy: 0.01, threshold_sell: -0.01 },
              trading_symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT"],
              timeframes: ["1m", "1s"],
              risk_settings: { max_daily_loss_pct: null, max_drawdown_pct: null },
              account: { id: "busy" },
            },
          },
        }),
      );
      try {
        await grown(cluster, "busy", 15);
        for (const name of roadNames) {
          await cluster.bounce(name);
          await grown(cluster, "busy", 15);
        }
        await cluster.nats.restart();
        await grown(cluster, "busy", 15);
        const entries = await ledgerOf(cluster.bus, "busy");
        expect(entries.map((entry) => entry.n)).toEqual(entries.map((_, i) => i + 1));
        expect(new Set(entries.map((entry) => entry.ownerEpoch)).size).toBeGreaterThan(1);
        const late = await lateEntries(cluster);
        expect(late).toEqual([]);
      } finally {
        await cluster.stop();
      }
    },
  );
});

/** Ledger entries that place an entry order after the decision they follow from had expired. */
async function lateEntries(cluster: Cluster): Promise<string[]> {
  const validUntil = new Map<string, number>();
  for await (const { data } of cluster.bus.read(patternOf("decision"), { after: 0 })) {
    const decoded = decodeMessage("decision", data);
    if (decoded.ok) validUntil.set(decoded.envelope.id, decoded.envelope.data.validUntil);
  }
  const late: string[] = [];
  let traced = 0;
  for await (const { data } of cluster.bus.read(patternOf("ledger"), { after: 0 })) {
    const { cause, data: entry } = JSON.parse(data) as { cause?: string; data: { n: number; time: number; events: { type: string }[] } };
    const until = cause === undefined ? undefined : validUntil.get(cause);
    if (until === undefined || !entry.events.some((event) => event.type === "order_intended")) continue;
    traced += 1;
    if (entry.time > until) late.push(`entry ${entry.n} at ${entry.time}, ${cause} was valid until ${until}`);
  }
  expect(traced).toBeGreaterThan(5);
  return late;
}

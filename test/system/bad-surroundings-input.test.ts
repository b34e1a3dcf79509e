import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeMessage, messageId, subjectOf, type DesiredVariant, type MarketEvent } from "@tradewind/contracts";
import type { Candle, Decision } from "@tradewind/core";
import { eventually } from "@tradewind/testkit";
import { openLine, type NatsLine } from "../infra/nats-line.ts";
import { startCluster, type Cluster } from "./support/cluster.ts";
import { ledgerOf } from "./support/ledger.ts";
import { noted, notesWith, statesOf } from "./support/notes.ts";
import { createWorkspace, type Workspace } from "./support/workspace.ts";

const START = "2026-01-05T14:00:00Z";
const DAY_MS = 86_400_000;
const BTC = "BTC-USDT-PERP";
const SECONDS = "1s";
const LONG_MS = 30_000;
const names = ["market-data", "strategy", "orchestrator", "execution"] as const;

const trading = (account: string, over: object = {}) => ({
  variants: { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "futures" },
  strategy_config: { lookback_period: 2, threshold_buy: 0.01, threshold_sell: -0.01 },
  trading_symbols: ["BTC/USDT:USDT"],
  timeframes: ["1m", "1s"],
  risk_settings: { max_daily_loss_pct: null, max_drawdown_pct: null, stop_loss_pct: 3 },
  account: { id: account },
  ...over,
});

/** A strategy of a user's own: `body` makes what it says of a candle. */
const own = (name: string, body: string): string =>
  `export default (kit) => ({ name: "${name}", doc: "A test's.", parameters: {}, warmup: () => 0,
    create: () => kit.strategy({ n: 0 }, (state, candle) => { ${body} }) });`;

let cluster: Cluster;
let workspace: Workspace;
let line: NatsLine;
beforeAll(async () => {
  cluster = await startCluster(
    (url) =>
      (workspace = createWorkspace({
        system: {
          bus: { url },
          market: { feed: "simulated", speed: 240, start: START, keep: false, warmup_bars: 50 },
          log: { level: "error" },
        },
        variants: { good: trading("good"), other: trading("other") },
      })),
    names,
  );
  line = await openLine(cluster.nats.host, cluster.nats.port);
  await grows("good", 5);
}, 60_000);
afterAll(async () => {
  line.close();
  await cluster.stop();
  workspace[Symbol.dispose]();
});

/** Puts bytes on a subject as any NATS client may. */
async function tell(subject: string, text: string): Promise<void> {
  expect(await line.tell(`PUB ${subject} ${Buffer.byteLength(text)}`, text)).toEqual([]);
}

async function grows(account: string, more: number): Promise<void> {
  const { length } = await ledgerOf(cluster.bus, account);
  const check = async (): Promise<true> => {
    if ((await ledgerOf(cluster.bus, account)).length >= length + more) return true;
    const states = (await Promise.all(names.map((name) => statesOf(cluster.bus, name)))).flat();
    throw new Error(`${JSON.stringify(states.map(({ service, notes }) => [service, notes]))} ${cluster.output()}`);
  };
  await eventually(check, { timeoutMs: LONG_MS, message: `the ledger of ${account} grows` });
}

/** Whatever was done to them, the processes are the ones that were started. */
function expectAllAlive(): void {
  expect([...cluster.services.values()].filter(({ child }) => child.exitCode !== null).map(({ name }) => name)).toEqual([]);
}

const head = { published: 0, source: "somebody", run: "none" };

async function newestCandle(timeframe: string): Promise<Candle> {
  const stored = await cluster.bus.last(subjectOf("candle", { venue: "bybit", instrument: BTC, timeframe }));
  const { data } = JSON.parse(stored!.data) as { data: MarketEvent };
  if (data.type !== "candle") throw new Error(`the newest is ${data.type}`);
  return data.candle;
}

function candleText(candle: Candle): string {
  const data: MarketEvent = { type: "candle", candle };
  return encodeMessage("candle", { ...head, id: `x/${messageId.market("bybit", data)}`, time: candle.closeTime, data });
}

function decisionText(decision: Decision): string {
  const data = { ...decision, votes: [...decision.votes] };
  return encodeMessage("decision", { ...head, id: `x/${messageId.decision(decision)}`, time: decision.closeTime, data });
}

const decisions = (variant: string): string => subjectOf("decision", { variant, instrument: BTC });

async function desire(id: string, variant: object, revision = 1, over: Partial<DesiredVariant> = {}): Promise<void> {
  const record: DesiredVariant = {
    id,
    revision,
    effectiveFrom: 0,
    enabled: true,
    text: JSON.stringify(variant),
    configHash: String(revision),
    by: "test",
    ...over,
  };
  await cluster.bus.kv("variants").put(id, JSON.stringify(record));
}

describe("given a run on the wall clock, when somebody writes what nobody should", () => {
  test("nonsense on a candle subject: it is left out, and trading goes on", { timeout: 60_000 }, async () => {
    const seconds = subjectOf("candle", { venue: "bybit", instrument: BTC, timeframe: SECONDS });
    const minutes = subjectOf("candle", { venue: "bybit", instrument: BTC, timeframe: "1m" });
    const newest = await newestCandle(SECONDS);
    const minute = await newestCandle("1m");
    for (const text of ["\u0000\u0001þÿ{", "[]", '{"v":99}', candleText(newest).replace(/"open":[^,]*/, '"open":"NaN"')])
      for (const subject of [seconds, minutes]) await tell(subject, text);
    // Of the right shape, and impossible all the same.
    const huge = { ...newest, high: 1e300, close: 1e300, openTime: newest.closeTime, closeTime: newest.closeTime + 1_000 };
    await tell(seconds, candleText(huge));
    await tell(minutes, candleText({ ...minute, closeTime: minute.closeTime + 400 * DAY_MS }));
    // Possible once: a price of long ago, which nobody can trade at any more.
    const old = { ...newest, openTime: newest.openTime - DAY_MS, closeTime: newest.closeTime - DAY_MS };
    const cheap = { ...old, open: 1, high: 1, low: 1, close: 1 };
    await tell(seconds, candleText(cheap));
    await noted(cluster.bus, "execution", "left out", seconds);
    await noted(cluster.bus, "strategy", "left out", minutes);
    await grows("good", 5);
    await grows("other", 5);
    const prices = (await ledgerOf(cluster.bus, "good")).flatMap(({ events }) =>
      events.flatMap((event) => (event.type === "fill" ? [Number(event.price / 10n ** 12n)] : [])),
    );
    expect(Math.min(...prices)).toBeGreaterThan(1_000);
    expectAllAlive();
  });

  test(
    "foreign decisions: unknown, of the far future, twice with another content; the variant goes on deciding",
    { timeout: 60_000 },
    async () => {
      const stored = await cluster.bus.last(decisions("good"));
      const { data: last } = JSON.parse(stored!.data) as { data: Decision };
      const future = { ...last, closeTime: last.closeTime + 400 * DAY_MS, validUntil: last.validUntil + 400 * DAY_MS };
      await tell(decisions("good"), decisionText({ ...last, action: last.action === "BUY" ? "SELL" : "BUY" }));
      await tell(decisions("good"), decisionText(future));
      await tell(decisions("good"), decisionText({ ...future, validUntil: 0 }));
      await tell(decisions("good"), decisionText({ ...last, variant: "nobody" }));
      await tell(decisions("nobody"), decisionText({ ...last, variant: "nobody" }));
      await tell(decisions("good"), decisionText({ ...last, closeTime: last.closeTime + 1, stop: 1e300 }));
      await noted(cluster.bus, "execution", "left out", decisions("good"));
      await grows("good", 10);
      // Also after a restart of both who read them.
      await cluster.bounce("orchestrator");
      await cluster.bounce("execution");
      await grows("good", 10);
      await grows("other", 5);
      expectAllAlive();
    },
  );

  test("a foreign message on a ledger: that account stops and says how to mend it, the others go on", { timeout: 60_000 }, async () => {
    await tell(subjectOf("ledger", { account: "other" }), "not an entry");
    const note = await noted(cluster.bus, "execution", "LEDGER_UNREADABLE", "tw.ledger.other #");
    expect(note).toContain("account.id");
    await grows("good", 5);
    expect(await notesWith(cluster.bus, "execution", "LEDGER_UNREADABLE")).toHaveLength(1);
    expectAllAlive();
    await desire("other", trading("other-anew"), 2);
    await grows("other-anew", 5);
  });

  test("a clock that is none, one set back and forth: the market goes on", { timeout: 60_000 }, async () => {
    const run = cluster.bus.kv("run");
    for (const text of ["{", '{"wallMs":1}', '{"wallMs":0,"marketMs":1e400,"speed":-1}']) {
      await tell("$KV.run.clock", text);
      await grows("good", 2);
    }
    const { wallMs, marketMs, speed } = JSON.parse((await run.get("clock"))!.value) as Record<string, number>;
    const at = (ms: number): string =>
      JSON.stringify({ wallMs: Date.now(), marketMs: marketMs! + (Date.now() - wallMs!) * speed! + ms, speed });
    await run.put("clock", at(-60_000));
    await run.put("clock", at(-600_000));
    await run.put("clock", at(3_600_000));
    await grows("good", 5);
    expectAllAlive();
  });
});

describe("given a run on the wall clock, when a variant is no good or changes under way", () => {
  test("each that is no good is told by its name, and the others go on", { timeout: 90_000 }, async () => {
    const folder = join(workspace.configDir, "variants");
    writeFileSync(join(folder, "throws.js"), own("throws", 'throw new Error("out of luck")'));
    writeFileSync(join(folder, "nonsense.js"), own("nonsense", "return { action: 'PERHAPS' }"));
    writeFileSync(join(folder, "vast.js"), own("vast", "return kit.views.buy('x'.repeat(3e6))"));
    const custom = { variants: { broker: "bybit", strategy: "custom", mode: "paper", asset_class: "futures" }, strategy_config: {} };
    await cluster.bus.kv("variants").put("garbage", "{{{");
    await cluster.bus.kv("variants").put("shapeless", '{"id":"another","enabled":true}');
    await desire("mistaken", {
      ...trading("mistaken"),
      variants: { broker: "bybit", strategy: "alchemy", mode: "paper", asset_class: "futures" },
    });
    await desire("fileless", trading("fileless", { ...custom, strategy_file: "absent.js" }));
    await desire("throwing", trading("throwing", { ...custom, strategy_file: "throws.js" }));
    await desire("senseless", trading("senseless", { ...custom, strategy_file: "nonsense.js" }));
    await desire("vast", trading("vast", { ...custom, strategy_file: "vast.js" }));
    await desire("twin-a", trading("twin"));
    await desire("twin-b", trading("twin"));
    for (const id of ["garbage", "shapeless", "mistaken", "fileless"]) await noted(cluster.bus, "execution", `variant ${id} is left out`);
    for (const id of ["throwing", "senseless", "vast"]) await noted(cluster.bus, "strategy", `variant ${id}`);
    await noted(cluster.bus, "execution", "ACCOUNT_SHARED", "twin-a", "twin-b");
    await grows("good", 5);
    expectAllAlive();
    for (const { key } of await cluster.bus.kv("variants").entries()) if (key !== "good") await cluster.bus.kv("variants").delete(key);
  });

  test("one that is revised, then taken away while it holds a position: its ledger stays whole", { timeout: 90_000 }, async () => {
    const held = async (): Promise<bigint> => {
      const fills = (await ledgerOf(cluster.bus, "good")).flatMap(({ events }) => events.filter((event) => event.type === "fill"));
      return fills.at(-1)?.positionAfter ?? 0n;
    };
    await eventually(async () => (await held()) !== 0n, { timeoutMs: LONG_MS });
    const { ownerEpoch } = (await ledgerOf(cluster.bus, "good")).at(-1)!;
    await desire("good", trading("good", { risk_settings: { max_daily_loss_pct: null, max_drawdown_pct: null, stop_loss_pct: 5 } }), 2);
    await eventually(async () => (await ledgerOf(cluster.bus, "good")).at(-1)!.ownerEpoch > ownerEpoch, { timeoutMs: LONG_MS });
    await grows("good", 5);
    await eventually(async () => (await held()) !== 0n, { timeoutMs: LONG_MS });
    await cluster.bus.kv("variants").delete("good");
    await noted(cluster.bus, "execution", "account good", BTC);
    const { length } = await ledgerOf(cluster.bus, "good");
    await desire("good", trading("good"), 3);
    await grows("good", 5);
    const entries = await ledgerOf(cluster.bus, "good");
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, i) => i + 1));
    expect(entries.length).toBeGreaterThan(length);
    expectAllAlive();
  });
});

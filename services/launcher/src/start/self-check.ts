import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { loadDefinitions, loadSystem, loadVariant, type LoadedVariant } from "@tradewind/config";
import { subjectOf } from "@tradewind/contracts";
import { createPrng, decodeEntry, ledgerLines, type LedgerEntry } from "@tradewind/core";
import { runBacktest, verifyLedger } from "@tradewind/lab";
import { loadCsv } from "@tradewind/store";
import { exitCodes, type Io } from "../command.ts";
import { show } from "../support.ts";
import { definitions } from "./definitions.ts";
import { freePort } from "./free-port.ts";
import { startOneProcess } from "./one-process.ts";
import { untilEnd } from "./until-end.ts";

interface Check {
  readonly what: string;
  readonly holds: boolean;
  readonly found: string;
}

const MINUTES = 1_500;
const SEED = 7;
const VARIANT = "self_check";
const WORKED_MOST_MS = 60_000;

/**
 * Runs every service on seeded candles with the events clock, in a folder that is deleted, and holds the ledger against
 * the backtest's: once through, then ended half-way and gone on with.
 */
export async function selfCheck(io: Io, json: boolean): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "tradewind-check-"));
  const checks: Check[] = [];
  const note = (what: string, holds: boolean, found: string): void => {
    checks.push({ what, holds, found });
    if (!json) io.out(`${holds ? "ok  " : "FAIL"}  ${what}: ${found}\n`);
  };
  try {
    const variant = prepare(folder);
    const wanted = await backtested(folder, variant);
    note("backtest", fillsIn(wanted) > 10, `${show(MINUTES, 0)} simulated minutes of BTC/USDT, seed ${SEED}: ${fillsIn(wanted)} fills`);
    const whole = await serviceRun(folder, "whole", variant, []);
    note("services on the embedded bus", hashOf(whole) === hashOf(wanted), same(whole, wanted));
    const parted = await serviceRun(folder, "parted", variant, [0.3, 0.7]);
    note("ended twice on the way and started again", hashOf(parted) === hashOf(wanted), same(parted, wanted));
    const { problems } = verifyLedger(parted);
    note("the books", problems.length === 0, problems[0] ?? "postings sum to zero, fills add up to the positions");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (json) io.out(`${JSON.stringify(checks)}\n`);
  return checks.every(({ holds }) => holds) ? exitCodes.done : exitCodes.checkFailed;
}

function prepare(folder: string): LoadedVariant {
  mkdirSync(join(folder, "variants"), { recursive: true });
  const system = {
    data: { dir: join(folder, "data"), cache_dir: join(folder, "cache") },
    run: { clock: "events" },
    market: { feed: "replay", files: { "BTC-USDT": candleFile(folder) }, keep: false },
    start: { variants: [VARIANT] },
    log: { level: "error" },
  };
  writeFileSync(join(folder, "system.yaml"), JSON.stringify(system));
  const file = join(folder, "variants", `${VARIANT}.json`);
  writeFileSync(
    file,
    JSON.stringify({
      variants: { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "crypto" },
      strategy_config: { lookback_period: 5, threshold_buy: 0.2, threshold_sell: -0.2 },
      trading_symbols: ["BTC/USDT"],
      risk_settings: { stop_loss_pct: 0.6, take_profit_pct: 1.2, max_daily_loss_pct: null, max_drawdown_pct: null },
    }),
  );
  return loadVariant(file);
}

function candleFile(folder: string): string {
  const prng = createPrng(SEED);
  const lines = ["time_ms,open,high,low,close,volume"];
  let close = 60_000;
  const cents = (value: number): number => Math.round(value * 100) / 100;
  for (let minute = 0; minute < MINUTES; minute++) {
    const open = close;
    close = cents(open * (1 + 0.001 * prng.normal() + 0.0004 * Math.sin(minute / 40)));
    const high = cents(Math.max(open, close) * (1 + 0.0004 * prng.next()));
    const low = cents(Math.min(open, close) * (1 - 0.0004 * prng.next()));
    lines.push([Date.UTC(2026, 0, 5) + minute * 60_000, open, high, low, close, 1 + prng.below(100)].join(","));
  }
  const file = join(folder, "btc.csv");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

async function backtested(folder: string, variant: LoadedVariant): Promise<readonly LedgerEntry[]> {
  const [instrument] = variant.plan.instruments;
  const data = loadCsv({ file: join(folder, "btc.csv"), instrument: instrument!, cacheDir: join(folder, "cache") });
  return runBacktest({ plan: variant.plan, columns: data.columns, definitionOf: await loadDefinitions(variant) }).ledger.entries;
}

/** The ledger of a run of all services, ended and started again after these shares of the decisions. */
async function serviceRun(folder: string, name: string, { plan }: LoadedVariant, shares: readonly number[]): Promise<LedgerEntry[]> {
  const base = loadSystem(folder, {});
  const config = {
    ...base,
    bus: { ...base.bus, file: join(folder, `${name}.sqlite`) },
    gateway: { ...base.gateway, port: await freePort(base.gateway.host, 0), token_file: join(folder, "token") },
  };
  for (const share of [...shares, 1]) {
    const bus = await openEmbeddedBus(config.bus.file);
    await bus.ensure();
    const over = new AbortController();
    const system = await startOneProcess({
      bus,
      config,
      configDir: folder,
      definitions,
      logTo: { write: () => undefined },
      say: () => undefined,
    });
    const late = setTimeout(() => over.abort(), WORKED_MOST_MS);
    try {
      await Promise.race([system.failed, share === 1 ? untilEnd(bus, [plan], over.signal) : untilShare(bus, share, over.signal)]);
    } finally {
      clearTimeout(late);
      over.abort();
      await system.stop();
      if (share < 1) await bus.close();
    }
    if (share < 1) continue;
    const entries = await ledgerOf(bus, plan.account.id);
    await bus.close();
    return entries;
  }
  return [];
}

async function untilShare(bus: Bus, share: number, signal: AbortSignal): Promise<void> {
  const reached = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => reached.resolve());
  let decisions = 0;
  const consumer = await bus.consume({
    filter: "tw.decision.>",
    from: { after: 0 },
    take: () => void (++decisions >= share * MINUTES && reached.resolve()),
  });
  await reached.promise;
  await consumer.stop();
}

async function ledgerOf(bus: Bus, account: string): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for await (const { seq, data } of bus.read(subjectOf("ledger", { account }), { after: 0 }))
    entries.push(decodeEntry(JSON.stringify((JSON.parse(data) as { data: unknown }).data), `#${seq}`));
  return entries;
}

function hashOf(entries: readonly LedgerEntry[]): string {
  const hash = createHash("sha256");
  for (const entry of entries) hash.update(ledgerLines(entry));
  return hash.digest("hex");
}

function same(entries: readonly LedgerEntry[], wanted: readonly LedgerEntry[]): string {
  if (hashOf(entries) === hashOf(wanted))
    return `${show(entries.length, 0)} entries, ledger ${hashOf(entries).slice(0, 16)}, the backtest's`;
  const at = wanted.findIndex((entry, i) => entries[i] === undefined || ledgerLines(entries[i]) !== ledgerLines(entry));
  return `${show(entries.length, 0)} entries instead of ${show(wanted.length, 0)}; entry ${at + 1} is the first that differs`;
}

function fillsIn(entries: readonly LedgerEntry[]): number {
  return entries.flatMap(({ events }) => events).filter(({ type }) => type === "fill").length;
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bus } from "@tradewind/bus";
import { parseVariant, systemSchema, type SystemConfig } from "@tradewind/config";
import { decodeMessage, subjectOf, type DesiredVariant, type MarketEvent } from "@tradewind/contracts";
import { aggregationChain, calendarNamed, createPrng, timeframeMs, type Calendar, type Candle, type Timeframe } from "@tradewind/core";
import { startService, type StartedService } from "@tradewind/kit";
import { tempDir } from "@tradewind/testkit";
import { definition } from "../src/index.ts";

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 5);
export const PERP = "BTC-USDT-PERP";

/** Seeded minutes from `START`, some of them missing. */
export function minutes(count: number, seed: number, missing = 0.02): Candle[] {
  const prng = createPrng(seed);
  let price = 100;
  const candles: Candle[] = [];
  for (let i = 0; i < count; i++) {
    const open = price;
    price = cents(price * (1 + prng.normal() * 0.004));
    const [high, low] = [cents(Math.max(open, price) * 1.001), cents(Math.min(open, price) * 0.999)];
    const openTime = START + i * MINUTE;
    const volume = prng.below(100_000) / 1000;
    if (i > 0 && prng.chance(missing)) continue;
    candles.push({
      instrument: PERP,
      timeframe: "1m",
      openTime,
      closeTime: openTime + MINUTE,
      open,
      high,
      low,
      close: price,
      volume,
      revision: 0,
      origin: "live",
      synthetic: false,
    });
  }
  return candles;
}

const cents = (price: number): number => Math.round(price * 100) / 100;

/** A CSV of candles, in a folder of its own. */
export function csvOf(candles: readonly Candle[]): string {
  const file = join(tempDir(), "candles.csv");
  const rows = candles.map(({ openTime, open, high, low, close, volume }) => [openTime, open, high, low, close, volume].join(","));
  writeFileSync(file, ["time_ms,open,high,low,close,volume", ...rows, ""].join("\n"));
  return file;
}

interface Settings {
  readonly market?: Record<string, unknown>;
  readonly run?: Record<string, unknown>;
  readonly data?: Record<string, unknown>;
}

export function settings(given: Settings): SystemConfig {
  return systemSchema.parse({ log: { level: "fatal" }, run: { clock: "events" }, data: { dir: tempDir() }, ...given });
}

export const replayOf = (files: Record<string, string>, more: Record<string, unknown> = {}): SystemConfig =>
  settings({ market: { feed: "replay", files, ...more } });

export function start(bus: Bus, config: SystemConfig, instance?: string): Promise<StartedService> {
  return startService(definition, { bus, config, configDir: tempDir(), processMetrics: false, ...(instance && { instance }) });
}

/** Enables a variant on one symbol, from the first candle on. */
export async function enable(bus: Bus, id: string, file: Record<string, unknown> = {}, revision = 1): Promise<void> {
  const text = JSON.stringify({
    variants: { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "futures" },
    trading_symbols: ["BTC/USDT:USDT"],
    ...file,
  });
  const { configHash } = parseVariant(text, `${id}.json`);
  const desired: DesiredVariant = { id, revision, effectiveFrom: 0, enabled: true, text, configHash, by: "test" };
  await bus.kv("variants").put(id, JSON.stringify(desired));
}

/** What one candle subject has, oldest first. */
export async function subject(bus: Bus, timeframe: Timeframe, instrument = PERP, venue = "bybit"): Promise<MarketEvent[]> {
  const events: MarketEvent[] = [];
  for await (const { data } of bus.read(subjectOf("candle", { venue, instrument, timeframe }), { after: 0 })) {
    const decoded = decodeMessage("candle", data);
    if (!decoded.ok) throw new Error(decoded.problem);
    events.push(decoded.envelope.data);
  }
  return events;
}

export const candlesIn = (events: readonly MarketEvent[]): Candle[] =>
  events.flatMap((event) => (event.type === "candle" ? [event.candle] : []));

export async function ended(bus: Bus, timeframe: Timeframe = "1d", instrument = PERP): Promise<boolean> {
  return (await subject(bus, timeframe, instrument)).at(-1)?.type === "end";
}

/** What the chain makes of candles, by timeframe. */
export function byHand(
  candles: readonly Candle[],
  base: Timeframe = "1m",
  calendar: Calendar = calendarNamed("crypto-24-7"),
): Map<Timeframe, Candle[]> {
  const chain = aggregationChain(calendar, base, "1d");
  const made = new Map<Timeframe, Candle[]>([
    [base, [...candles]],
    ...chain.timeframes.map((timeframe) => [timeframe, []] as [Timeframe, Candle[]]),
  ]);
  for (const candle of candles) for (const bar of chain.update(candle)) made.get(bar.timeframe)!.push(bar);
  return made;
}

/** Whether a subject is monotone and tells of every bar: it came, or is in a gap. */
export function holes(events: readonly MarketEvent[], timeframe: Timeframe): string[] {
  const length = timeframeMs(timeframe);
  const found: string[] = [];
  let reached: number | undefined;
  for (const event of events) {
    if (event.type === "correction" || event.type === "end") continue;
    const [from, to] = event.type === "gap" ? [event.from, event.to] : [event.candle.openTime, event.candle.closeTime];
    if (reached !== undefined && from < reached) found.push(`${event.type} of ${from} after ${reached}`);
    if (reached !== undefined && from - reached >= length) found.push(`nothing from ${reached} to ${from}`);
    reached = to;
  }
  return found;
}

export const notes = (service: StartedService): string[] => service.context.state.current().notes.map(({ text }) => text);

/** What the dead leave behind goes at once instead of with time. */
export async function bury(bus: Bus): Promise<void> {
  for (const bucket of ["leases", "states"] as const) {
    const kv = bus.kv(bucket);
    for (const { key } of await kv.entries()) await kv.delete(key);
  }
}

import { encodeMessage, messageId, subjectOf, type DesiredVariant } from "@tradewind/contracts";
import type { Bus } from "@tradewind/bus";
import { parseVariant, systemSchema, type LoadedVariant, type SystemConfig } from "@tradewind/config";
import { decodeEntry, type Candle, type Decision, type LedgerEntry } from "@tradewind/core";
import type { ServiceDefinition, StartedService } from "@tradewind/kit";
import { startService } from "@tradewind/kit";
import { definition } from "../../src/index.ts";

/** A variant file of one RSI strategy on perpetuals, with whatever the test is about. */
export function variantText(over: Record<string, unknown> = {}): string {
  return JSON.stringify({
    variants: { broker: "bybit", strategy: "rsi", mode: "paper", asset_class: "futures" },
    strategy_config: { rsi_period: 5 },
    trading_symbols: { futures: ["BTC/USDT:USDT", "ETH/USDT:USDT"] },
    risk_settings: { risk_per_trade: 0.01, stop_loss_pct: 0.6, take_profit_pct: 0.8, leverage: 2 },
    timeframes: { decision: "5m", finest: "1m" },
    ...over,
  });
}

export function variantOf(id: string, text: string): LoadedVariant {
  return parseVariant(text, `variants/${id}.json`);
}

export function desiredOf(id: string, text: string, over: Partial<DesiredVariant> = {}): DesiredVariant {
  const { configHash } = variantOf(id, text);
  return { id, revision: 1, effectiveFrom: 0, enabled: true, text, configHash, by: "test", ...over };
}

export async function want(bus: Bus, desired: DesiredVariant): Promise<void> {
  await bus.kv("variants").put(desired.id, JSON.stringify(desired));
}

export function settings(over: Record<string, unknown>): SystemConfig {
  return systemSchema.parse({ log: { level: "fatal" }, ...over });
}

export function startExecution(bus: Bus, config: SystemConfig, own: ServiceDefinition = definition): Promise<StartedService> {
  return startService(own, { bus, config, configDir: ".", processMetrics: false });
}

/** Something to publish. */
export interface Note {
  readonly subject: string;
  readonly text: string;
  readonly id: string;
}

const head = { published: 0, source: "test", run: "test" };

export function candleNote(venue: string, candle: Candle): Note {
  const { instrument, timeframe } = candle;
  const id = messageId.market(venue, { type: "candle", candle });
  const data = { type: "candle" as const, candle };
  return {
    subject: subjectOf("candle", { venue, instrument, timeframe }),
    text: encodeMessage("candle", { ...head, id, time: candle.closeTime, data }),
    id,
  };
}

export function endNote(venue: string, instrument: string, time: number): Note {
  const data = { type: "end" as const, instrument, timeframe: "1m" as const, time };
  const id = messageId.market(venue, data);
  return {
    subject: subjectOf("candle", { venue, instrument, timeframe: "1m" }),
    text: encodeMessage("candle", { ...head, id, time, data }),
    id,
  };
}

export function decisionNote(decision: Decision): Note {
  const { variant, instrument, closeTime } = decision;
  const id = messageId.decision(decision);
  const data = { ...decision, votes: [...decision.votes] };
  return {
    subject: subjectOf("decision", { variant, instrument }),
    text: encodeMessage("decision", { ...head, id, time: closeTime, data }),
    id,
  };
}

export async function put(bus: Bus, notes: Iterable<Note>): Promise<void> {
  await Promise.all([...notes].map(({ subject, text, id }) => bus.append(subject, text, { id })));
}

/** The ledger of an account as it stands in the log. */
export async function ledgerOf(bus: Bus, account: string): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for await (const { data } of bus.read(subjectOf("ledger", { account }), { after: 0 }))
    entries.push(decodeEntry(JSON.stringify((JSON.parse(data) as { data: unknown }).data), account));
  return entries;
}

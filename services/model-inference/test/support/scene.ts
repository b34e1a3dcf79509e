import { randomUUID } from "node:crypto";
import type { Bus } from "@tradewind/bus";
import { parseVariant, systemSchema, type SystemConfig } from "@tradewind/config";
import {
  content,
  decodeMessage,
  encodeMessage,
  messageId,
  subjectOf,
  type DesiredVariant,
  type MemberWord,
  type ServiceCommand,
  type ServiceReply,
} from "@tradewind/contracts";
import {
  aggregationChain,
  allocateColumns,
  calendarNamed,
  createPrng,
  type Candle,
  type CandleColumns,
  type MatrixPlan,
  type Prediction,
  type VariantPlan,
} from "@tradewind/core";
import { startService, type ServiceDefinition, type StartedService } from "@tradewind/kit";
import { predict } from "@tradewind/lab";
import { inspectModel, referenceModel } from "@tradewind/onnx";
import { definition } from "../../src/index.ts";
import { toStop } from "./bus.ts";

export const MODEL = "ref-1";
export const VENUE = "bybit";
export const START = Date.UTC(2026, 0, 5, 14);

/** 1 x 4 x 3, ready after 18 candles. */
export const matrix: MatrixPlan = {
  timeframes: ["1m"],
  window: 4,
  features: [{ name: "log_return" }, { name: "rsi" }, { name: "body" }],
};

export function modelFile(plan: MatrixPlan = matrix): Uint8Array {
  return referenceModel({ matrix: plan, seed: 3 });
}

export function settings(over: Record<string, unknown> = {}): SystemConfig {
  return systemSchema.parse({ log: { level: "fatal" }, run: { clock: "events" }, ...over });
}

export async function start(bus: Bus, config: SystemConfig = settings(), service: ServiceDefinition = definition): Promise<StartedService> {
  const started = await startService(service, { bus, config, configDir: ".", processMetrics: false });
  toStop.push(() => started.stop());
  return started;
}

/** A variant in which the model votes beside a strategy, on one or two perpetuals. */
export function variantText(over: Record<string, unknown> = {}): string {
  return JSON.stringify({
    variants: { broker: VENUE, strategy: "rsi", mode: "paper", asset_class: "futures" },
    trading_symbols: { futures: ["BTC/USDT:USDT", "ETH/USDT:USDT"] },
    timeframes: { decision: "1m", finest: "1m" },
    models: [{ id: MODEL, name: "the-model" }],
    ...over,
  });
}

export function planOf(text: string): VariantPlan {
  return parseVariant(text, "variants/modelled.json").plan;
}

export async function want(bus: Bus, text: string, over: Partial<DesiredVariant> = {}): Promise<void> {
  const { configHash } = parseVariant(text, "variants/modelled.json");
  const desired: DesiredVariant = { id: "modelled", revision: 1, effectiveFrom: 0, enabled: true, text, configHash, by: "test", ...over };
  await bus.kv("variants").put(desired.id, JSON.stringify(desired));
}

/** A seeded walk of one-minute candles. */
export function walk(instrument: string, seed: number, length: number): Candle[] {
  const prng = createPrng(seed);
  let close = 100;
  return Array.from({ length }, (_, i) => {
    const open = close;
    close = Math.max(1, open * (1 + prng.normal() * 0.004));
    const [high, low] = [Math.max(open, close) * (1 + prng.next() * 0.001), Math.min(open, close) * (1 - prng.next() * 0.001)];
    const openTime = START + i * 60_000;
    const rest = { volume: 1 + prng.below(1_000), revision: 0, origin: "live" as const, synthetic: false };
    return { instrument, timeframe: "1m" as const, openTime, closeTime: openTime + 60_000, open, high, low, close, ...rest };
  });
}

/** The candles and the coarser ones they make, as market-data publishes them: finer first. */
export function withCoarser(candles: readonly Candle[], to: "5m" | "15m"): Candle[] {
  const chain = aggregationChain(calendarNamed("crypto-24-7"), "1m", to);
  return candles.flatMap((candle) => [candle, ...chain.update(candle)]);
}

export function columnsOf(candles: readonly Candle[]): CandleColumns {
  const columns = allocateColumns(candles[0]!.instrument, "1m", candles.length);
  candles.forEach((candle, i) => {
    for (const key of ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const) columns[key][i] = candle[key];
  });
  return columns;
}

export async function publish(bus: Bus, candles: readonly Candle[]): Promise<void> {
  await Promise.all(
    candles.map((candle) => {
      const { instrument, timeframe } = candle;
      const id = messageId.market(VENUE, { type: "candle", candle });
      const head = { id, time: candle.closeTime, published: 0, source: "test", run: "test" };
      const text = encodeMessage("candle", { ...head, data: { type: "candle", candle } });
      return bus.append(subjectOf("candle", { venue: VENUE, instrument, timeframe }), text, { id });
    }),
  );
}

/** The model's words on one instrument as they stand in the log. */
export async function wordsOf(bus: Bus, instrument: string): Promise<MemberWord[]> {
  const words: MemberWord[] = [];
  for await (const { data } of bus.read(subjectOf("prediction", { model: MODEL, venue: VENUE, instrument }), { after: 0 })) {
    const decoded = decodeMessage("prediction", data);
    if (!decoded.ok) throw new Error(decoded.problem);
    words.push(decoded.envelope.data);
  }
  return words;
}

export const closesOf = (words: readonly MemberWord[]): number[] => words.map((word) => content(word).closeTime);

/** What a backtest takes from the model on these closes; undefined where it abstains. */
export async function backtestWords(
  file: Uint8Array,
  text: string,
  candles: readonly (readonly Candle[])[],
): Promise<(instrument: string, closeTime: number) => Prediction | undefined> {
  const models = new Map([[MODEL, inspectModel(file, "the model")]]);
  const said = await predict({ plan: planOf(text), columns: candles.map(columnsOf), models });
  return (instrument, closeTime) => {
    const prediction = said("the-model", instrument, closeTime);
    return prediction && { ...prediction, source: MODEL };
  };
}

export async function ask(bus: Bus, verb: string, command: Omit<Partial<ServiceCommand>, "verb" | "by"> = {}): Promise<ServiceReply> {
  const head = { id: `${verb}/${randomUUID()}`, time: 0, published: 0, source: "test", run: "test" };
  const text = encodeMessage("command", { ...head, data: { verb, by: "test", ...command } });
  return JSON.parse(await bus.request(`tw.command.model-inference.${verb}`, text, 10_000)) as ServiceReply;
}

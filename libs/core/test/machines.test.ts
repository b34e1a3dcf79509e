import { describe, expect, test } from "vitest";
import {
  calendarNamed,
  createEngine,
  createPrng,
  encodeEntry,
  encodeSnapshot,
  findStrategy,
  fromNumber,
  strategies,
  type Candle,
  type MemberPlan,
  type Money,
  type Prediction,
  type Price,
  type Qty,
  type Rate,
  type VariantPlan,
} from "../src/index.ts";
import { accountStage, createRoad, decideStage, marketStage, modelStage, strategyStage } from "./support/road.ts";

const MINUTE_MS = 60_000;
const START = 1_700_000_000_000 - (1_700_000_000_000 % 86_400_000);

function planOf(symbols: readonly string[], members: readonly MemberPlan[], over: Partial<VariantPlan> = {}): VariantPlan {
  const one = fromNumber<Qty>(1);
  return {
    id: "v",
    broker: "bybit",
    mode: "backtest",
    assetClass: "futures",
    account: { id: "a", currency: "USDT", startingBalance: fromNumber<Money>(10_000) },
    instruments: symbols.map((symbol) => ({
      id: `${symbol}-USDT-PERP`,
      symbol: `${symbol}/USDT:USDT`,
      venue: "bybit",
      assetClass: "futures",
      kind: "linear",
      base: symbol,
      quote: "USDT",
      settle: "USDT",
      tick: fromNumber<Price>(0.01),
      step: fromNumber<Qty>(0.001),
      minQty: fromNumber<Qty>(0.001),
      minNotional: fromNumber<Money>(1),
      multiplier: one,
      makerFee: fromNumber<Rate>(0.0002),
      takerFee: fromNumber<Rate>(0.0005),
      feeIn: "settle",
      maxLeverage: 10,
      initialMargin: fromNumber<Rate>(0.1),
      maintenanceMargin: fromNumber<Rate>(0.005),
      calendar: "crypto-24-7",
    })),
    timeframe: "1m",
    finestTimeframe: "1m",
    members,
    decision: { threshold: 0.1, everyCloses: 1, validForCloses: 1, learningRate: 0.1, weightFloor: 0.05, regimes: "none" },
    sizing: { method: "risk", riskPerTrade: 0.01 },
    exits: { stopLossPct: 1, takeProfitPct: 2, trailingStopPct: null, maxHoldCloses: null },
    risk: {
      maxPositionSize: 4_000,
      maxTotalExposure: 8_000,
      maxConcurrentPositions: 2,
      maxDailyLossPct: null,
      maxDrawdownPct: null,
      leverage: 2,
    },
    protections: [],
    costs: { spreadBps: 1, slippageBps: 1 },
    fills: { latencyMs: 0, maxVolumeShare: null, atEnd: "keep" },
    ...over,
  };
}

const member = (name: string): MemberPlan => ({ source: name, kind: "strategy", name, parameters: {}, weight: 1 });
const model: MemberPlan = { source: "nn", kind: "model", name: "nn", parameters: {}, weight: 1 };

/** A seeded walk with trends, some minutes without a candle. */
function candlesOf(plan: VariantPlan, count: number, seed: number): Candle[] {
  const prng = createPrng(seed);
  const prices = plan.instruments.map((_, i) => 100 * (i + 1));
  const candles: Candle[] = [];
  for (let minute = 0; minute < count; minute++) {
    plan.instruments.forEach((instrument, i) => {
      const open = prices[i]!;
      const close = Math.round(open * (1 + prng.normal() * 0.003 + 0.001 * Math.sin(minute / 97 + i)) * 100) / 100;
      prices[i] = close;
      if (prng.chance(0.01)) return;
      candles.push({
        instrument: instrument.id,
        timeframe: plan.finestTimeframe,
        openTime: START + minute * MINUTE_MS,
        closeTime: START + (minute + 1) * MINUTE_MS,
        open,
        high: Math.round(Math.max(open, close) * (1 + 0.001 * prng.next()) * 100) / 100,
        low: Math.round(Math.min(open, close) * (1 - 0.001 * prng.next()) * 100) / 100,
        close,
        volume: Math.round(1 + 1_000 * prng.next()),
        revision: 0,
        origin: "live",
        synthetic: false,
      });
    });
  }
  return candles;
}

function predictionAt(source: string, instrument: string, closeTime: number): Prediction | undefined {
  const prng = createPrng(closeTime / MINUTE_MS + instrument.length);
  if (prng.chance(0.1)) return undefined;
  return {
    source,
    instrument,
    closeTime,
    score: Math.round((2 * prng.next() - 1) * 100) / 100,
    confidence: 0.5,
    modelHash: "0123456789abcdef",
    featureSchema: "00000000",
  };
}

/** One engine: the composed machines, as a backtest runs them. */
function composed(plan: VariantPlan, candles: readonly Candle[]): { ledger: string[]; decisions: string[] } {
  const ledger: string[] = [];
  const decisions: string[] = [];
  const engine = createEngine({
    plan,
    epoch: "00000001",
    startTime: START,
    calendarOf: calendarNamed,
    definitionOf: findStrategy,
    predictionOf: predictionAt,
    onEntry: (entry) => void ledger.push(encodeEntry(entry)),
    onDecision: (decision) => void decisions.push(encodeSnapshot(decision)),
  });
  for (let i = 0; i < candles.length;) {
    const time = candles[i]!.closeTime;
    let end = i;
    while (end < candles.length && candles[end]!.closeTime === time) end += 1;
    engine.close(time, candles.slice(i, end));
    i = end;
  }
  return { ledger, decisions };
}

/** The machines apart, as services run them: every hop is text, and what arrives first is the scheduler's choice. */
function separate(plan: VariantPlan, candles: readonly Candle[], seed: number): { ledger: string[]; decisions: string[] } {
  const prng = createPrng(seed);
  const road = createRoad(prng);
  const ledger: string[] = [];
  const decisions: string[] = [];
  const settle = accountStage(plan, road, START, (entry) => void ledger.push(encodeEntry(entry)));
  for (const { id } of plan.instruments) {
    strategyStage(plan, road, id);
    modelStage(plan, road, id, predictionAt);
    decideStage(plan, road, id, (decision) => void decisions.push(encodeSnapshot(decision)));
  }
  const feeds = new Map(plan.instruments.map(({ id }) => [id, marketStage(plan, road, id)]));
  for (const candle of candles) {
    feeds.get(candle.instrument)!(candle);
    // Stages lag: many closes are under way at once, and members run ahead of each other.
    if (prng.chance(0.2)) settle(prng.below(60), false);
  }
  settle(Infinity, true);
  return { ledger, decisions };
}

describe("given the three machines, when they run apart with every message as text, then all is as when composed", () => {
  const cases: [string, VariantPlan][] = [
    ...Object.keys(strategies).map((name): [string, VariantPlan] => [name, planOf(["BTC"], [member(name)])]),
    ["three symbols on one balance, two positions at most", planOf(["BTC", "ETH", "SOL"], [member("macd"), member("rsi")])],
    ["five strategies that vote", planOf(["BTC", "ETH"], Object.keys(strategies).map(member))],
    ["a model's recorded predictions beside a strategy", planOf(["BTC", "ETH", "SOL"], [member("momentum"), model])],
    [
      "weights by regime",
      planOf(["BTC", "ETH"], [member("momentum"), member("rsi"), model], {
        decision: { ...planOf([], []).decision, regimes: "volatility_trend" },
      }),
    ],
    [
      "decisions on 5m, exits on 1m, trailing stop",
      planOf(["BTC", "ETH"], [member("macd")], {
        timeframe: "5m",
        exits: { stopLossPct: 1, takeProfitPct: null, trailingStopPct: 0.8, maxHoldCloses: 40 },
      }),
    ],
  ];
  test.each(cases)("%s", (_name, plan) => {
    for (const seed of [1, 2]) {
      const candles = candlesOf(plan, 1_500, seed);
      const together = composed(plan, candles);
      const apart = separate(plan, candles, seed + 100);
      const byLane = (decisions: readonly string[]) =>
        plan.instruments.map(({ id }) => decisions.filter((text) => text.includes(`"${id}"`)));
      expect(byLane(apart.decisions)).toEqual(byLane(together.decisions));
      expect(apart.ledger).toEqual(together.ledger);
      expect(together.ledger.filter((line) => line.includes('"type":"fill"')).length).toBeGreaterThan(5);
    }
  });
});

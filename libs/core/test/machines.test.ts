import { describe, expect, test } from "vitest";
import {
  calendarNamed,
  createBarrier,
  createDecide,
  createEngine,
  createPaperAccount,
  createPrng,
  createStrategyMachine,
  decodeSnapshot,
  encodeEntry,
  encodeSnapshot,
  findStrategy,
  fromNumber,
  strategies,
  type Abstention,
  type Candle,
  type Decision,
  type MemberPlan,
  type Prediction,
  type Price,
  type Qty,
  type Rate,
  type Money,
  type Signal,
  type VariantPlan,
} from "../src/index.ts";
import { aggregator } from "../src/market/aggregate.ts";

const MINUTE_MS = 60_000;
const START = 1_700_000_000_000 - (1_700_000_000_000 % 86_400_000);

/** What travels between the stages when each is a process: text, and nothing shared. */
type Message =
  | { kind: "candle"; candle: Candle }
  | { kind: "said"; said: Signal | Abstention }
  | { kind: "prediction"; prediction: Prediction }
  | { kind: "decision"; decision: Decision };

const wire = <T>(value: T): T => decodeSnapshot(encodeSnapshot(value)) as T;

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
    decision: { threshold: 0.1, everyCloses: 1, validForCloses: 1, learningRate: 0.1, weightFloor: 0.05 },
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
  const ledger: string[] = [];
  const decided: string[] = [];
  const account = createPaperAccount({
    plan,
    epoch: "00000001",
    startTime: START,
    onEntry: (entry) => void ledger.push(encodeEntry(entry)),
  });
  const barrier = createBarrier(plan, calendarNamed);
  const ids = plan.instruments.map((instrument) => instrument.id);
  const aggregates = new Map(
    ids.map((id) => [id, plan.timeframe === plan.finestTimeframe ? undefined : aggregator(calendarNamed("crypto-24-7"), plan.timeframe)]),
  );
  const machines = new Map(
    ids.map((id) => [
      id,
      plan.members
        .filter((one) => one.kind === "strategy")
        .map((one) => createStrategyMachine(one, findStrategy(one.name), id, calendarNamed("crypto-24-7"))),
    ]),
  );
  const votes = new Map(ids.map((id) => [id, createDecide(plan, calendarNamed("crypto-24-7"))]));
  // A queue per subject; only its own order is kept.
  const queues = new Map<string, { messages: Message[]; take: (message: Message) => void }>();
  const subject = (name: string, take: (message: Message) => void) => void queues.set(name, { messages: [], take });
  const publish = (name: string, message: Message) => void queues.get(name)!.messages.push(wire(message));
  const vote = (id: string, decisions: readonly Decision[]) => {
    for (const decision of decisions) {
      decided.push(encodeSnapshot(decision));
      publish(`decision ${id}`, { kind: "decision", decision });
    }
  };
  for (const id of ids) {
    subject(`candle for strategy ${id}`, (message) => {
      if (message.kind !== "candle") return;
      for (const machine of machines.get(id)!)
        publish(`signal ${machine.source} ${id}`, { kind: "said", said: machine.onCandle(message.candle) });
    });
    subject(`candle for model ${id}`, (message) => {
      if (message.kind !== "candle") return;
      const prediction = predictionAt("nn", id, message.candle.closeTime);
      if (prediction) publish(`prediction ${id}`, { kind: "prediction", prediction });
      else
        publish(`prediction ${id}`, {
          kind: "said",
          said: { source: "nn", instrument: id, closeTime: message.candle.closeTime, reason: "no prediction" },
        });
    });
    subject(
      `candle for decide ${id}`,
      (message) => void (message.kind === "candle" && vote(id, votes.get(id)!.step({ type: "close", candle: message.candle }))),
    );
    subject(`prediction ${id}`, (message) => {
      if (message.kind === "prediction") vote(id, votes.get(id)!.step({ type: "prediction", prediction: message.prediction }));
      if (message.kind === "said" && !("action" in message.said))
        vote(id, votes.get(id)!.step({ type: "abstention", abstention: message.said }));
    });
    for (const machine of machines.get(id)!)
      subject(`signal ${machine.source} ${id}`, (message) => {
        if (message.kind !== "said") return;
        const { said } = message;
        vote(id, votes.get(id)!.step("action" in said ? { type: "signal", signal: said } : { type: "abstention", abstention: said }));
      });
    subject(`candle for trade ${id}`, (message) => void (message.kind === "candle" && barrier.candle(message.candle)));
    subject(`decision ${id}`, (message) => void (message.kind === "decision" && barrier.decision(message.decision)));
  }
  const models = plan.members.some((one) => one.kind === "model");
  for (const candle of candles) {
    const { instrument: id } = candle;
    publish(`candle for trade ${id}`, { kind: "candle", candle });
    for (const deciding of aggregates.get(id)?.update(candle) ?? (aggregates.get(id) ? [] : [candle])) {
      publish(`candle for strategy ${id}`, { kind: "candle", candle: deciding });
      publish(`candle for decide ${id}`, { kind: "candle", candle: deciding });
      if (models) publish(`candle for model ${id}`, { kind: "candle", candle: deciding });
    }
    // Stages lag: many closes are under way at once, and members run ahead of each other.
    if (prng.chance(0.2)) settle(prng.below(60));
  }
  barrier.end();
  settle(Infinity);
  return { ledger, decisions: decided };

  function settle(most: number): void {
    drain(prng, [...queues.values()], most);
    for (let close = barrier.take(); close !== undefined; close = barrier.take()) {
      account.close(close.time, close.candles);
      for (const decision of close.decisions) account.decide(decision, close.time);
    }
  }
}

function drain(
  prng: ReturnType<typeof createPrng>,
  queues: readonly { messages: Message[]; take: (message: Message) => void }[],
  most: number,
): void {
  for (let n = 0; n < most; n++) {
    const waiting = queues.filter((queue) => queue.messages.length > 0);
    if (waiting.length === 0) return;
    const queue = waiting[prng.below(waiting.length)]!;
    queue.take(queue.messages.shift()!);
  }
}

describe("given the three machines, when they run apart with every message as text, then all is as when composed", () => {
  const cases: [string, VariantPlan][] = [
    ...Object.keys(strategies).map((name): [string, VariantPlan] => [name, planOf(["BTC"], [member(name)])]),
    ["three symbols on one balance, two positions at most", planOf(["BTC", "ETH", "SOL"], [member("macd"), member("rsi")])],
    ["five strategies that vote", planOf(["BTC", "ETH"], Object.keys(strategies).map(member))],
    ["a model's recorded predictions beside a strategy", planOf(["BTC", "ETH", "SOL"], [member("momentum"), model])],
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

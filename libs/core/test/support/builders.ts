import type { Candle } from "../../src/domain/candle.ts";
import type { Decision } from "../../src/domain/decision.ts";
import { fromNumber, parseExact, parseFixed, type Exact, type Money, type Price, type Qty, type Rate } from "../../src/domain/fixed.ts";
import type { Instrument, InstrumentKind } from "../../src/domain/instrument.ts";
import type { OrderSpec } from "../../src/domain/order.ts";
import type { VariantPlan } from "../../src/domain/plan.ts";

/** Decimal text to fixed-point: `d("0.05")`. Takes any unit its place asks for. */
export const d = <T extends Price | Qty | Money | Rate>(text: string): T => parseFixed<T>(text);
/** Decimal text to 24 decimals. */
export const x = (text: string): Exact => parseExact(text);

/** 2024-01-01, a Monday. */
export const T0 = 1_704_067_200_000;
export const MINUTE = 60_000;

/** An instrument of the kind, without fees, with fine steps. Override what the test is about. */
export function instrument(kind: InstrumentKind, over: Partial<Instrument> = {}): Instrument {
  const id = kind === "spot" ? "BTC-USD" : `BTC-USD-${kind.toUpperCase()}`;
  return {
    id,
    symbol: id,
    venue: "sim",
    assetClass: kind === "spot" ? "crypto" : "futures",
    kind,
    base: "BTC",
    quote: "USD",
    settle: kind === "inverse" ? "BTC" : "USD",
    tick: d("0.01"),
    step: d("0.001"),
    minQty: d("0.001"),
    minNotional: d("0"),
    multiplier: d("1"),
    makerFee: d("0"),
    takerFee: d("0"),
    feeIn: "settle",
    maxLeverage: 100,
    initialMargin: d("0.01"),
    maintenanceMargin: d("0.005"),
    calendar: "crypto-24-7",
    ...over,
  };
}

type Parts = Partial<Omit<VariantPlan, "risk" | "exits" | "fills" | "costs">> & {
  readonly [part in "risk" | "exits" | "fills" | "costs"]?: Partial<VariantPlan[part]>;
};

/** A plan of one scripted member over these instruments: no limits, no exits, no costs, one unit per entry. */
export function plan(instruments: readonly Instrument[], over: Parts = {}): VariantPlan {
  return {
    id: "v",
    broker: "sim",
    mode: "backtest",
    assetClass: instruments[0]!.assetClass,
    account: { id: "a", currency: instruments[0]!.settle, startingBalance: d("10000") },
    instruments,
    timeframe: "1m",
    finestTimeframe: "1m",
    members: [{ source: "script", kind: "strategy", name: "script", parameters: {}, weight: 1 }],
    decision: { threshold: 0, everyCloses: 1, validForCloses: 1, learningRate: 0, weightFloor: 0, regimes: "none" },
    sizing: { method: "quantity", quantity: 1 },
    protections: [],
    ...over,
    exits: { stopLossPct: null, takeProfitPct: null, trailingStopPct: null, maxHoldCloses: null, ...over.exits },
    risk: {
      maxPositionSize: null,
      maxTotalExposure: null,
      maxConcurrentPositions: null,
      maxDailyLossPct: null,
      maxDrawdownPct: null,
      leverage: 1,
      ...over.risk,
    },
    costs: { spreadBps: 0, slippageBps: 0, ...over.costs },
    fills: { latencyMs: 0, maxVolumeShare: null, atEnd: "keep", ...over.fills },
  };
}

/** The minute bar number `i`, from its four prices. */
export function bar(
  i: number,
  prices: readonly [open: number, high: number, low: number, close: number],
  over: Partial<Candle> = {},
): Candle {
  const [open, high, low, close] = prices;
  return {
    instrument: "BTC-USD",
    timeframe: "1m",
    openTime: T0 + i * MINUTE,
    closeTime: T0 + (i + 1) * MINUTE,
    open,
    high,
    low,
    close,
    volume: 1_000_000,
    revision: 0,
    origin: "live",
    synthetic: false,
    ...over,
  };
}

/** A bar that stands still at `price`. */
export function flat(i: number, price: number, over: Partial<Candle> = {}): Candle {
  return bar(i, [price, price, price, price], over);
}

/** A live decision on bar `i`'s close. */
export function decision(i: number, action: Decision["action"], close: number, over: Partial<Decision> = {}): Decision {
  const closeTime = T0 + (i + 1) * MINUTE;
  return {
    variant: "v",
    instrument: "BTC-USD",
    closeTime,
    close,
    action,
    score: action === "BUY" ? 1 : action === "SELL" ? -1 : 0,
    votes: [],
    reason: "test",
    validUntil: closeTime + MINUTE,
    entryAllowed: true,
    ...over,
  };
}

/** An order as a venue is asked for; ids count up by the caller. */
export function order(clientId: string, side: OrderSpec["side"], quantity: number, over: Partial<OrderSpec> = {}): OrderSpec {
  return {
    clientId,
    variant: "v",
    instrument: "BTC-USD",
    side,
    leg: "entry",
    type: "market",
    quantity: fromNumber<Qty>(quantity),
    reduceOnly: false,
    reason: "test",
    ...over,
  };
}

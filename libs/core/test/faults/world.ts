import { fromNumber, type Money, type Qty, type Rate } from "../../src/domain/fixed.ts";
import type { Candle } from "../../src/domain/candle.ts";
import type { Instrument, InstrumentKind } from "../../src/domain/instrument.ts";
import type { SizingPlan, VariantPlan } from "../../src/domain/plan.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { createPrng, type Prng } from "../../src/sim/prng.ts";

export const START = 1_700_000_040_000;
export const MINUTE_MS = 60_000;
/** The venue matches on candles finer than those the account sees. */
export const SUB_MS = 10_000;
export const SUBS = MINUTE_MS / SUB_MS;

/** Everything that one seed draws before its life begins. */
export interface World {
  /** One variant, or two of one account that trade the same instruments. */
  readonly plans: readonly VariantPlan[];
  readonly faults: LinkOptions;
  /** Chance that the shell dies at one step. */
  readonly crashShare: number;
  readonly minutes: number;
  /** Chance of an operator's command at one close. */
  readonly commandShare: number;
  readonly buyShare: number;
  readonly sellShare: number;
}

const pick = <T>(prng: Prng, ...choices: T[]): T => choices[prng.below(choices.length)]!;
const maybe = <T>(prng: Prng, share: number, value: T): T | null => (prng.chance(share) ? value : null);

export function drawWorld(seed: number): World {
  const prng = createPrng(seed * 2_654_435_761);
  const kind = pick<InstrumentKind>(prng, "spot", "linear", "inverse");
  const instruments = Array.from({ length: 1 + prng.below(2) }, (_, i) => drawInstrument(prng, kind, i));
  const plan = drawPlan(prng, kind, instruments);
  // A venue nets the variants of an account, and its reduce-only knows the net alone. So here they share one side (spot),
  // and whole fills: a stop and a target that both fill in part can sell more than their own holding before anyone knows.
  const shared = kind === "spot" && prng.chance(0.4);
  const fills = shared ? { ...plan.fills, maxVolumeShare: null } : plan.fills;
  return {
    plans: shared
      ? [
          { ...plan, fills },
          { ...drawPlan(prng, kind, instruments), id: "other", costs: plan.costs, fills },
        ]
      : [plan],
    faults: drawFaults(prng),
    crashShare: pick(prng, 0, 0, 0.002, 0.01),
    minutes: 15 + prng.below(25),
    commandShare: pick(prng, 0, 0, 0.05),
    buyShare: 0.15 + prng.next() * 0.3,
    sellShare: 0.15 + prng.next() * 0.3,
  };
}

function drawInstrument(prng: Prng, kind: InstrumentKind, i: number): Instrument {
  const base = kind === "inverse" ? "AAA" : ["AAA", "BBB"][i]!;
  const quote = kind === "inverse" ? ["USD", "EUR"][i]! : "USD";
  const fee = fromNumber<Rate>(pick(prng, 0, 0.0005, 0.001));
  const step = kind === "inverse" ? 1 : pick(prng, 0.001, 0.01, 1);
  return {
    id: `${base}-${quote}`,
    symbol: `${base}/${quote}`,
    venue: "sim",
    assetClass: kind === "spot" ? "crypto" : "futures",
    kind,
    base,
    quote,
    settle: kind === "inverse" ? base : quote,
    tick: fromNumber(0.01),
    step: fromNumber<Qty>(step),
    minQty: fromNumber<Qty>(step),
    minNotional: fromNumber<Money>(kind === "inverse" ? 0 : 5),
    multiplier: fromNumber<Qty>(kind === "spot" ? 1 : pick(prng, 1, 0.1, 10)),
    makerFee: fee,
    takerFee: fee,
    feeIn: kind === "spot" && prng.chance(0.4) ? "received" : "settle",
    maxLeverage: 5,
    initialMargin: fromNumber<Rate>(0.1),
    maintenanceMargin: fromNumber<Rate>(0.005),
    calendar: "crypto",
  };
}

/** Amounts are in the settle currency; at a price near 100 an inverse account of 100 is worth 10,000. */
function drawPlan(prng: Prng, kind: InstrumentKind, instruments: readonly Instrument[]): VariantPlan {
  const balance = kind === "inverse" ? 100 : 10_000;
  const sizing = pick<SizingPlan>(
    prng,
    { method: "cash_fraction", fraction: 0.6 },
    { method: "cash_fraction", fraction: 0.3 },
    { method: "notional", notional: balance * 0.4 },
    { method: "risk", riskPerTrade: 0.01 },
  );
  const trailing = prng.chance(0.35);
  return {
    id: "life",
    broker: "sim",
    mode: "paper",
    assetClass: kind === "spot" ? "crypto" : "futures",
    account: { id: "sim", currency: instruments[0]!.settle, startingBalance: fromNumber<Money>(balance) },
    instruments,
    timeframe: "1m",
    finestTimeframe: "1m",
    members: [],
    decision: { threshold: 0, everyCloses: 1, validForCloses: 1, learningRate: 0, weightFloor: 0, regimes: "none" },
    sizing,
    exits: {
      stopLossPct: maybe(prng, 0.6, 0.2 + prng.next()),
      takeProfitPct: maybe(prng, 0.5, 0.3 + prng.next()),
      trailingStopPct: trailing ? 0.3 + prng.next() * 0.5 : null,
      maxHoldCloses: maybe(prng, 0.2, 3 + prng.below(6)),
    },
    risk: {
      maxPositionSize: maybe(prng, 0.5, balance * (0.2 + prng.next() * 0.3)),
      maxTotalExposure: maybe(prng, 0.7, balance * (0.3 + prng.next() * 0.3)),
      maxConcurrentPositions: maybe(prng, 0.3, 1),
      maxDailyLossPct: null,
      maxDrawdownPct: null,
      leverage: kind === "spot" ? 1 : pick(prng, 1, 3),
    },
    protections: [],
    costs: { spreadBps: pick(prng, 0, 2), slippageBps: pick(prng, 0, 1) },
    fills: { latencyMs: pick(prng, 0, 0, 40), maxVolumeShare: maybe(prng, 0.5, 0.25), atEnd: "keep" },
  };
}

/** A third of the lives has each fault off, so that the others are seen alone too. */
function drawFaults(prng: Prng): LinkOptions {
  const share = (most: number) => (prng.chance(1 / 3) ? 0 : prng.next() * most);
  return {
    timeoutMs: pick(prng, 1_000, 3_000, 5_000),
    delayMs: pick(prng, 5, 40, 200),
    lateShare: share(0.5),
    lateMsMax: pick(prng, 500, 4_000, 20_000),
    requestLateMsMax: pick(prng, 100, 5_000 - 300),
    lossShare: share(0.3),
    duplicateShare: share(0.4),
    requestLossShare: share(0.2),
    silentAcceptShare: share(0.2),
    rejectShare: share(0.15),
  };
}

/** A random walk of one instrument in sub-candles, calm once `quiet`. */
export interface PricePath {
  next(openTime: number, quiet: boolean): Candle;
}

export function createPath(instrument: string, prng: Prng): PricePath {
  let price = 90 + prng.next() * 20;
  const round = (x: number) => Math.round(x * 100) / 100;
  price = round(price);
  return {
    next(openTime, quiet) {
      const jump = !quiet && prng.chance(0.02) ? 0.006 : 0.0012;
      const move = () => (quiet ? 1 : 1 + prng.normal() * jump);
      const open = round(price * move());
      const close = round(open * move());
      const high = quiet ? open : round(Math.max(open, close) * (1 + prng.next() * 0.0008));
      const low = quiet ? open : round(Math.min(open, close) * (1 - prng.next() * 0.0008));
      price = close;
      const volume = quiet ? 1e9 : Math.round(10 ** (prng.next() * 4));
      return {
        instrument,
        timeframe: "1m",
        openTime,
        closeTime: openTime + SUB_MS,
        open,
        high,
        low,
        close,
        volume,
        revision: 0,
        origin: "live",
        synthetic: false,
      };
    },
  };
}

/** The minute that its sub-candles make. */
export function joinCandles(parts: readonly Candle[]): Candle {
  const last = parts.at(-1)!;
  return {
    ...parts[0]!,
    closeTime: last.closeTime,
    high: Math.max(...parts.map((part) => part.high)),
    low: Math.min(...parts.map((part) => part.low)),
    close: last.close,
    volume: parts.reduce((sum, part) => sum + part.volume, 0),
  };
}

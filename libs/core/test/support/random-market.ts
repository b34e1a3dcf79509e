import type { Candle } from "../../src/domain/candle.ts";
import type { VariantPlan } from "../../src/domain/plan.ts";
import { createPrng, type Prng } from "../../src/sim/prng.ts";
import { bar, d, instrument, plan } from "./builders.ts";
import { buy, hold, rig, sell, type Rig, type Script } from "./rig.ts";

const spots = [
  instrument("spot", { feeIn: "received", takerFee: d("0.001"), makerFee: d("0.0008"), minNotional: d("5") }),
  instrument("spot", { id: "ETH-USD", base: "ETH", takerFee: d("0.0007"), makerFee: d("-0.0001"), step: d("0.01"), minQty: d("0.05") }),
  instrument("spot", { id: "XRP-USD", base: "XRP", feeIn: "received", takerFee: d("0.0025"), step: d("1"), minQty: d("1") }),
];
const contract = { takerFee: d<never>("0.00055"), makerFee: d<never>("0.0002"), initialMargin: d<never>("0.05") };
const linears = ["BTC", "ETH", "XRP"].map((base, i) =>
  instrument("linear", {
    ...contract,
    id: `${base}-USD-PERP`,
    base,
    multiplier: d(["1", "0.001", "10"][i]!),
    step: d(["0.001", "1", "1"][i]!),
  }),
);
const inverses = [instrument("inverse", { ...contract, multiplier: d("100"), step: d("1"), minQty: d("1") })];

function pick<T>(prng: Prng, options: readonly T[]): T {
  return options[prng.below(options.length)]!;
}

/** A plan of one of the families with limits, sizing, exits, costs and fills drawn at random. */
export function somePlan(prng: Prng): VariantPlan {
  const instruments = pick(prng, [spots, linears, inverses]);
  const coin = instruments === inverses;
  const limit = (least: number) => (prng.chance(0.7) ? least * (1 + prng.next() * 9) * (coin ? 0.01 : 1) : null);
  const kinds = ["cooldown", "stoploss_guard"].filter(() => prng.chance(0.3));
  return plan(instruments, {
    account: { id: "a", currency: instruments[0]!.settle, startingBalance: d(coin ? "100" : "10000") },
    sizing: pick(prng, [
      { method: "risk", riskPerTrade: 0.05 },
      { method: "cash_fraction", fraction: 1 },
      { method: "cash_fraction", fraction: 0.3 },
      { method: "notional", notional: coin ? 20 : 3_000 },
      { method: "quantity", quantity: coin ? 50 : 7 },
    ]),
    exits: {
      stopLossPct: prng.chance(0.6) ? 1 + prng.next() * 4 : null,
      takeProfitPct: prng.chance(0.5) ? 1 + prng.next() * 5 : null,
      trailingStopPct: prng.chance(0.4) ? 1 + prng.next() * 4 : null,
      maxHoldCloses: prng.chance(0.3) ? 1 + prng.below(8) : null,
    },
    risk: {
      maxPositionSize: limit(300),
      maxTotalExposure: limit(500),
      maxConcurrentPositions: prng.chance(0.6) ? 1 + prng.below(3) : null,
      maxDrawdownPct: prng.chance(0.2) ? 30 : null,
      leverage: instruments === spots ? 1 : pick(prng, [1, 3, 10, 30]),
    },
    protections: kinds.map((kind) => ({ kind, lookbackMs: 3_600_000, lockMs: 300_000, count: 2, limitPct: 0 })),
    costs: { spreadBps: pick(prng, [0, 4]), slippageBps: pick(prng, [0, 3]) },
    fills: { latencyMs: pick(prng, [0, 0, 500, 70_000]), maxVolumeShare: pick(prng, [null, 0.1]), atEnd: "keep" },
  });
}

/** One bar per instrument and minute: walks with gaps, and bars so thin that orders fill in parts. */
export function someBars(prng: Prng, instruments: readonly { readonly id: string }[], count: number): Candle[] {
  const prices = instruments.map(() => 50 + prng.next() * 100);
  const out: Candle[] = [];
  const round = (price: number) => Math.max(0.01, Math.round(price * 100) / 100);
  for (let i = 0; i < count; i++)
    instruments.forEach(({ id }, k) => {
      const open = round(prices[k]! * (prng.chance(0.03) ? 0.85 + prng.next() * 0.3 : 1));
      const close = round(open * (1 + prng.normal() * 0.01));
      const high = round(Math.max(open, close) * (1 + Math.abs(prng.normal()) * 0.006));
      const low = round(Math.min(open, close) * (1 - Math.abs(prng.normal()) * 0.006));
      prices[k] = close;
      const volume = prng.chance(0.3) ? prng.below(60) : prng.below(100_000) / 7;
      out.push(bar(i, [open, high, low, close], { instrument: id, volume }));
    });
  return out;
}

/** Speaks at random, sometimes with prices of its own; the same words for the same candle. */
export function someScript(seed: number): Script {
  return (candle) => {
    const prng = createPrng(seed ^ (candle.openTime / 1_000) ^ (candle.instrument.charCodeAt(0) << 20));
    prng.next();
    const said = prng.next();
    if (said > 0.5) return hold;
    const side = prng.chance(0.5) ? 1 : -1;
    const own = prng.chance(0.3) ? { stop: candle.close * (1 - side * 0.02), target: candle.close * (1 + side * 0.03) } : {};
    return side > 0 ? buy(own) : sell(own);
  };
}

/** A run of `bars` minutes under a random plan, told of every entry. */
export function someRun(
  seed: number,
  bars: number,
  watch?: Parameters<typeof rig>[2],
): { done: Rig; plan: VariantPlan; candles: Candle[] } {
  const prng = createPrng(seed);
  const own = somePlan(prng);
  const candles = someBars(prng, own.instruments, bars);
  return { done: rig(own, someScript(seed), watch), plan: own, candles };
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OrderSpec } from "../src/domain/order.ts";
import { toNumber, type Qty } from "../src/domain/fixed.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import type { RiskPlan, SizingPlan } from "../src/domain/plan.ts";
import { floorToStep } from "../src/trade/sizing.ts";
import { account } from "./support/account.ts";
import { d, instrument, plan } from "./support/builders.ts";

const spot = instrument("spot");
const shares = instrument("spot", { step: d("1"), minQty: d("1") });
const linear = instrument("linear");
const inverse = instrument("inverse", { multiplier: d("100"), step: d("1"), minQty: d("1") });
const risk: SizingPlan = { method: "risk", riskPerTrade: 0.02 };

interface Case {
  readonly on?: Instrument;
  readonly sizing: SizingPlan;
  readonly stop?: number;
  readonly limits?: Partial<RiskPlan>;
  readonly balance?: string;
  readonly close?: number;
  readonly action?: "BUY" | "SELL";
}

/** What is ordered: "1.5" units, "budget 950", or a denial. */
function ordered({ on = spot, sizing, stop, limits = {}, balance = "10000", close = 100, action = "BUY" }: Case): string {
  const own = plan([on], { sizing, risk: limits, account: { id: "a", currency: on.settle, startingBalance: d(balance) } });
  const made = account(own).decide(0, action, close, stop === undefined ? {} : { stop });
  if (typeof made !== "object") return String(made);
  return made.budget === undefined ? String(toNumber(made.quantity)) : `budget ${toNumber(made.budget)}`;
}

const rows: readonly [string, Case, string, string][] = [
  ["risk: the stop's distance decides", { sizing: risk, stop: 95 }, "40", "10000 x .02 / (100 - 95)"],
  ["risk: a tighter stop buys more", { sizing: risk, stop: 96 }, "50", "200 / 4"],
  [
    "risk: float noise does not cost a share",
    { on: shares, sizing: { method: "risk", riskPerTrade: 0.01 }, stop: 1, close: 1.1 },
    "1000",
    "100 / (1.1 - 1)",
  ],
  ["risk: without a stop the whole value is at risk", { sizing: risk }, "2", "200 / 100"],
  ["risk: a short's stop lies above", { on: linear, sizing: risk, stop: 105, action: "SELL" }, "40", "200 / 5"],
  ["cash_fraction: the venue sizes it", { sizing: { method: "cash_fraction", fraction: 0.95 } }, "budget 9500", "10000 x .95"],
  [
    "cash_fraction: on margin the budget is notional",
    { on: linear, sizing: { method: "cash_fraction", fraction: 0.5 }, limits: { leverage: 4 } },
    "budget 20000",
    "10000 x .5 x 4",
  ],
  [
    "cash_fraction: margin and fee come out of the share",
    { on: { ...linear, takerFee: d("0.001") }, sizing: { method: "cash_fraction", fraction: 1 }, limits: { leverage: 10 } },
    "budget 99108.91089108",
    "N = 10000 / (.1 + .001) = 99009.90, and its fee of 99.01",
  ],
  ["notional: an amount of money", { sizing: { method: "notional", notional: 2500 } }, "25", "2500 / 100"],
  ["notional: whole steps, rounded down", { on: shares, sizing: { method: "notional", notional: 2599 } }, "25", "25.99"],
  [
    "notional: inverse, of the settle currency",
    { on: inverse, sizing: { method: "notional", notional: 2 }, limits: { leverage: 10 }, close: 50_000 },
    "1000",
    "2 BTC x 50000 / 100",
  ],
  ["quantity: as given", { sizing: { method: "quantity", quantity: 8.2 } }, "8.2", "8.2, not 8.199"],
  ["quantity: whole steps", { on: shares, sizing: { method: "quantity", quantity: 3.9 } }, "3", "3.9 down"],
  ["capped by max_position_size", { sizing: risk, stop: 99, limits: { maxPositionSize: 3000 } }, "30", "200 asked, 3000 / 100"],
  ["capped by max_total_exposure", { sizing: risk, stop: 99, limits: { maxTotalExposure: 1234.5 } }, "12.345", "1234.5 / 100"],
  [
    "capped by the stricter of both",
    { sizing: risk, stop: 99, limits: { maxPositionSize: 3000, maxTotalExposure: 2000 } },
    "20",
    "2000 / 100",
  ],
  [
    "cash_fraction capped too",
    { sizing: { method: "cash_fraction", fraction: 1 }, limits: { maxPositionSize: 3000 } },
    "budget 3000",
    "3000",
  ],
  ["capped by cash, a hundredth kept for a worse open", { sizing: risk, stop: 99.9 }, "99", "10000 x .99 / 100"],
  ["capped by cash with the fee", { on: { ...spot, takerFee: d("0.1") }, sizing: risk, stop: 99.9 }, "90", "9900 / 110"],
  ["capped by margin", { on: linear, sizing: risk, stop: 99.9, limits: { leverage: 5 } }, "495", "9900 / 20"],
  [
    "capped by margin with the fee",
    { on: { ...linear, takerFee: d("0.005") }, sizing: risk, stop: 99.9, limits: { leverage: 5 } },
    "482.926",
    "9900 / (100 x .205) = 482.9268",
  ],
  [
    "capped by the venue's own margin",
    { on: { ...linear, initialMargin: d("0.5") }, sizing: risk, stop: 99.9, limits: { leverage: 50 } },
    "198",
    "9900 / 50",
  ],
];

describe("the size of an entry, by hand", () => {
  it.each(rows)("%s", (_name, given, size, _working) => {
    expect(ordered(given)).toBe(size);
  });

  it("risk on inverse contracts is in coin: contracts lose 100/80 - 100/100 = .25 each", () => {
    // 100 BTC x .02 = 2 BTC / .25 = 8 contracts of 1 BTC each.
    expect(ordered({ on: inverse, sizing: risk, stop: 80, balance: "100" })).toBe("8");
    // A short's stop at 125 loses 1 - .8 = .2: 10 contracts.
    expect(ordered({ on: inverse, sizing: risk, stop: 125, balance: "100", action: "SELL" })).toBe("10");
  });
});

describe("what is tied up", () => {
  const other = "ETH-USD-LINEAR";
  const two = plan([linear, { ...linear, id: other, base: "ETH" }], {
    sizing: { method: "cash_fraction", fraction: 1 },
    risk: { leverage: 10 },
  });

  it.each([
    ["BUY", 100, 99_000, "10000 - 1000 / 10 of margin, times 10"],
    ["BUY", 90, 98_000, "a loss of 100 counts at once"],
    ["BUY", 120, 99_000, "a gain does not count until it is taken"],
    ["SELL", 110, 98_000, "a short's loss counts too"],
  ] as const)("%s of 10 at 100, marked at %d, leaves a budget of %d (%s)", (side, markAt, budget, _working) => {
    const trader = account(two);
    trader.fill(trader.decide(0, side, 100) as OrderSpec, "100", "10");
    trader.mark(1, markAt);
    expect(trader.decide(1, "BUY", 100, { instrument: other })).toMatchObject({ budget: d(String(budget)) });
  });

  it("an entry on its way counts as if it had filled", () => {
    const spots = [spot, { ...spot, id: "ETH-USD", base: "ETH" }];
    const trader = account(plan(spots, { sizing: { method: "cash_fraction", fraction: 0.6 } }));
    trader.mark(0, 100);
    expect(trader.decide(0, "BUY", 100)).toMatchObject({ budget: d("6000") });
    expect(trader.decide(0, "BUY", 100, { instrument: "ETH-USD" })).toMatchObject({ budget: d("2400") });
  });
});

describe("whole steps", () => {
  it("are never more than asked for by more than float noise, and never a step less", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), fc.integer({ min: 0, max: 8 }), (count, places) => {
        const step = (1_000_000_000_000n / 10n ** BigInt(places)) as Qty;
        // A multiple of the step comes back as itself, however its float was worked out.
        const asked = (count / 10 ** places) * 3 * (1 / 3);
        expect(floorToStep(asked, step)).toBe(BigInt(count) * step);
        expect(floorToStep(asked + 0.4 / 10 ** places, step)).toBe(BigInt(count) * step);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0])("of %d are none", (asked) => {
    expect(floorToStep(asked, d<Qty>("1"))).toBe(0n);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { abs, toNumber, type Exact, type Price, type Qty, type Rate } from "../src/domain/fixed.ts";
import { bankruptcyPrice, liquidationPrice } from "../src/ledger/margin.ts";
import { applyFill, tradeValue, type Position } from "../src/ledger/position.ts";
import { d, instrument } from "./support/builders.ts";

describe("liquidation price", () => {
  it.each([
    // kind, long, entry, leverage, maintenance, price, working
    ["linear", true, 50_000, 10, 0.005, 45_226.13, "45000 / .995"],
    ["linear", false, 50_000, 10, 0.005, 54_726.37, "55000 / 1.005"],
    ["inverse", true, 50_000, 10, 0.005, 45_681.82, "50250 / 1.1"],
    ["inverse", false, 50_000, 10, 0.005, 55_277.78, "49750 / .9"],
    ["linear", true, 100, 5, 0, 80, "where the margin of 20 is gone"],
    ["linear", false, 100, 5, 0, 120, "where the margin of 20 is gone"],
    ["linear", true, 100, 1, 0.005, 0, "at leverage 1 only a price of 0 takes it all"],
    ["inverse", true, 100, 1, 0, 50, "1/50 - 1/100 = 1/100, all of the coin put up"],
    ["inverse", false, 100, 1, 0.005, Infinity, "a coin short at leverage 1 is dollars: no price liquidates"],
    ["spot", true, 100, 1, 0.005, 0, "what is owned is not liquidated"],
    ["spot", false, 100, 1, 0.005, Infinity, "what is owned is not liquidated"],
  ] as const)("%s long=%s entry %d leverage %d maintenance %d: %d (%s)", (kind, long, entry, leverage, maintenance, price, _working) => {
    expect(liquidationPrice(kind, long, entry, leverage, maintenance)).toBeCloseTo(price, 2);
  });

  it("is where margin and profit together are the maintenance share of the notional", () => {
    const someCase = fc.record({
      kind: fc.constantFrom("linear" as const, "inverse" as const),
      long: fc.boolean(),
      entry: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      leverage: fc.double({ min: 1.01, max: 100, noNaN: true }),
      maintenance: fc.double({ min: 0, max: 0.009, noNaN: true }),
    });
    fc.assert(
      fc.property(someCase, ({ kind, long, entry, leverage, maintenance }) => {
        const price = liquidationPrice(kind, long, entry, leverage, maintenance);
        const value = (at: number) => (kind === "linear" ? at : 1 / at);
        const gain = (long === (kind === "linear") ? 1 : -1) * (value(price) - value(entry));
        const equity = value(entry) / leverage + gain;
        expect(equity).toBeCloseTo(maintenance * value(price), 9 - Math.ceil(Math.log10(value(entry))));
        expect(long ? price < entry : price > entry).toBe(leverage < 1 / maintenance);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("bankruptcy price", () => {
  const contracts = [
    instrument("linear"),
    instrument("linear", { multiplier: d("0.001") }),
    instrument("inverse", { multiplier: d("100"), step: d("1") }),
  ];

  it("loses the margin to the last 1e-12 of price, and never a unit more", () => {
    const someCase = fc.record({
      contract: fc.constantFrom(...contracts),
      long: fc.boolean(),
      steps: fc.integer({ min: 1, max: 1_000_000 }),
      ticks: fc.integer({ min: 100, max: 10_000_000 }),
      leverage: fc.integer({ min: 2, max: 100 }),
    });
    fc.assert(
      fc.property(someCase, ({ contract, long, steps, ticks, leverage }) => {
        const quantity = (BigInt(steps) * contract.step) as Qty;
        const position: Position = { qty: 0n as Qty, cost: 0n as Exact };
        applyFill(position, contract, long ? "BUY" : "SELL", quantity, (BigInt(ticks) * contract.tick) as Price);
        const rate = (1_000_000_000_000n / BigInt(leverage)) as Rate;
        const margin = (abs(position.cost) * rate) / 1_000_000_000_000n;
        const price = bankruptcyPrice(contract, position, rate);
        const { realized } = applyFill(position, contract, long ? "SELL" : "BUY", quantity, price);
        const beyond = -realized - margin;
        // Half a unit of the 24th decimal for each of the two values.
        expect(beyond <= 1n).toBe(true);
        const unitOfPrice = abs(
          (tradeValue(contract, quantity, (price - 1n) as Price) - tradeValue(contract, quantity, (price + 1n) as Price)) as Exact,
        );
        expect(-beyond <= unitOfPrice + 2n).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ["linear", "BUY", "90"],
    ["linear", "SELL", "110"],
    ["inverse", "BUY", "90.90909090909091"],
    ["inverse", "SELL", "111.11111111111111"],
  ] as const)("%s %s at 100 with leverage 10: %s", (kind, side, price) => {
    const position: Position = { qty: 0n as Qty, cost: 0n as Exact };
    const contract = instrument(kind);
    applyFill(position, contract, side, d("1"), d("100"));
    expect(toNumber(bankruptcyPrice(contract, position, d("0.1")))).toBeCloseTo(Number(price), 11);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromNumber, toNumber, type Money, type Price, type Qty } from "../src/domain/fixed.ts";
import { budgetQuantity } from "../src/sim/fill.ts";
import { tradeValue } from "../src/ledger/position.ts";
import { feeOf } from "../src/sim/fill.ts";
import { bar, d, flat, instrument, MINUTE, order, T0 } from "./support/builders.ts";
import { venueDesk } from "./support/venue-desk.ts";

const spot = instrument("spot");
const budget = (text: string) => ({ quantity: d<Qty>("0"), budget: d<Money>(text) });
const sellStop = (clientId: string, size: number, price: string) =>
  order(clientId, "SELL", size, { leg: "stop", type: "stop", stopPrice: d<Price>(price), reduceOnly: true, group: "g" });

describe("volume", () => {
  it("fills at most its share of each bar, over as many bars as it takes", () => {
    const desk = venueDesk(spot, { fills: { maxVolumeShare: 0.1 } });
    desk.place(order("a", "BUY", 5));
    desk.match({ ...flat(0, 100), volume: 20 }, { ...flat(1, 101), volume: 9.999 }, { ...flat(2, 102), volume: 500 });
    expect(desk.said()).toEqual([
      "fill a BUY 2 @ 100 fee 0 USD taker",
      "fill a BUY 0.999 @ 101 fee 0 USD taker",
      "fill a BUY 2.001 @ 102 fee 0 USD taker",
      "closed a filled",
    ]);
  });

  it("is not lost to float noise: a tenth of 82 is 8.2", () => {
    const desk = venueDesk({ ...spot, step: d("0.1"), minQty: d("0.1") }, { fills: { maxVolumeShare: 0.1 } });
    desk.place(order("a", "BUY", 50));
    desk.match({ ...flat(0, 100), volume: 82 });
    expect(desk.held()).toBe(8.2);
  });

  it("is one bar's for all orders together, and fresh in the next", () => {
    const desk = venueDesk(spot, { fills: { maxVolumeShare: 0.5 } });
    desk.place(order("a", "BUY", 3));
    desk.place(order("b", "BUY", 3));
    desk.match({ ...flat(0, 100), volume: 8 });
    expect(desk.said()).toEqual(["fill a BUY 3 @ 100 fee 0 USD taker", "closed a filled", "fill b BUY 1 @ 100 fee 0 USD taker"]);
    desk.match({ ...flat(1, 100), volume: 8 });
    expect(desk.said()).toEqual(["fill b BUY 2 @ 100 fee 0 USD taker", "closed b filled"]);
  });

  it("of nought fills nothing and loses nothing", () => {
    const desk = venueDesk(spot, { fills: { maxVolumeShare: 1 } });
    desk.place(order("a", "BUY", 1));
    desk.match({ ...flat(0, 100), volume: 0 });
    expect(desk.said()).toEqual([]);
    desk.match({ ...flat(1, 103), volume: 1 });
    expect(desk.said()).toEqual(["fill a BUY 1 @ 103 fee 0 USD taker", "closed a filled"]);
  });

  it("leaves the rest of a triggered stop for the next first price, wherever that is", () => {
    const desk = venueDesk(spot, { fills: { maxVolumeShare: 1 } });
    desk.place(order("entry", "BUY", 4), T0 - MINUTE);
    desk.match(flat(0, 100));
    desk.place(sellStop("stop", 4, "95"));
    desk.said();
    desk.match({ ...bar(1, [100, 100, 94, 99]), volume: 1 }, { ...flat(2, 99), volume: 1 }, { ...flat(3, 120), volume: 0 }, flat(4, 90));
    expect(desk.said()).toEqual([
      "fill stop SELL 1 @ 95 fee 0 USD taker",
      "fill stop SELL 1 @ 99 fee 0 USD taker",
      "fill stop SELL 2 @ 90 fee 0 USD taker",
      "closed stop filled",
    ]);
  });
});

describe("fees", () => {
  const dear = { ...spot, makerFee: d<never>("0.001"), takerFee: d<never>("0.002") };

  it("are the taker's for markets and stops, the maker's for resting limits", () => {
    const desk = venueDesk(dear);
    desk.place(order("a", "BUY", 1));
    desk.match(flat(0, 100));
    desk.place(order("b", "SELL", 1, { type: "limit", limitPrice: d<Price>("110") }));
    desk.match(bar(1, [100, 111, 100, 105]));
    expect(desk.said().filter((text) => text.startsWith("fill"))).toEqual([
      "fill a BUY 1 @ 100 fee 0.2 USD taker",
      "fill b SELL 1 @ 110 fee 0.11 USD maker",
    ]);
    expect(desk.cash()).toBeCloseTo(100_000 - 100 - 0.2 + 110 - 0.11, 9);
  });

  it("where the venue takes them from what is received: coin on a purchase, money on a sale", () => {
    const desk = venueDesk({ ...dear, feeIn: "received" });
    desk.place(order("a", "BUY", 1));
    desk.match(flat(0, 100));
    expect([desk.held(), desk.cash()]).toEqual([0.998, 99_900]);
    desk.place(order("b", "SELL", 0.998));
    desk.match(flat(1, 100));
    expect(desk.said().filter((text) => text.startsWith("fill"))).toEqual([
      "fill a BUY 1 @ 100 fee 0.002 BTC taker",
      "fill b SELL 0.998 @ 100 fee 0.1996 USD taker",
    ]);
    expect(desk.held()).toBe(0);
  });

  it.each([
    ["0.0005", "0.000333333333", "0.000000166667", "up: what we pay"],
    ["-0.0005", "0.000333333333", "-0.000000166666", "down: what we are paid"],
  ])("of %s on %s are %s, rounded against us (%s)", (rate, quantity, fee, _working) => {
    const charged = feeOf({ ...spot, takerFee: d(rate) }, "BUY", d(quantity), tradeValue(spot, d(quantity), d("1")), "taker");
    expect(charged.fee).toBe(d(fee));
  });
});

describe("what an order may not do", () => {
  it("reduce-only sells no more than is held, and nothing when nothing is held", () => {
    const desk = venueDesk(instrument("linear"));
    desk.place(order("a", "BUY", 1));
    desk.match(flat(0, 100));
    desk.place(order("b", "SELL", 5, { reduceOnly: true }));
    desk.place(order("c", "SELL", 1, { reduceOnly: true }));
    desk.place(order("d", "BUY", 1, { reduceOnly: true }));
    desk.match(flat(1, 100));
    expect(desk.said().slice(2)).toEqual([
      "fill b SELL 1 @ 100 fee 0 USD taker",
      "closed b filled",
      "closed c cancelled: nothing to reduce",
      "closed d cancelled: nothing to reduce",
    ]);
    expect(desk.held()).toBe(0);
  });

  it.each([
    ["spot", "100.2", 1, "filled", "price and fee"],
    ["received", "100", 1, "filled", "the price alone: the fee is taken from the coin"],
    ["received", "99.9999", 1, "rejected: insufficient funds", "a hundredth of a cent short"],
    ["spot", "100.1999", 1, "rejected: insufficient funds", "a hundredth of a cent short"],
    ["linear", "20.2", 5, "filled", "a fifth of the price, and the fee"],
    ["linear", "20.1999", 5, "rejected: insufficient funds", "a hundredth of a cent short"],
  ] as const)("%s with %s and leverage %d: %s (%s)", (kind, balance, leverage, outcome, _working) => {
    const own = kind === "received" ? { ...spot, feeIn: "received" as const } : instrument(kind);
    const desk = venueDesk({ ...own, takerFee: d("0.002") }, { balance, leverage });
    desk.place(order("a", "BUY", 1));
    desk.match(flat(0, 100));
    expect(desk.said().at(-1)).toBe(`closed a ${outcome}`);
  });

  it("a losing position takes from the margin that is free, a winning one adds nothing", () => {
    for (const [price, outcome] of [
      [100, "filled"],
      [99, "rejected: insufficient funds"],
      [101, "rejected: insufficient funds"],
    ] as const) {
      const desk = venueDesk(instrument("linear"), { balance: "40", leverage: 5 });
      desk.place(order("a", "BUY", 1));
      desk.match(flat(0, 100));
      desk.place(order("b", "BUY", 1));
      desk.match(flat(1, price));
      expect(desk.said().at(-1)).toBe(`closed b ${outcome}`);
    }
  });

  it("spot sells no more than is held", () => {
    const desk = venueDesk(spot);
    desk.place(order("a", "SELL", 1));
    desk.match(flat(0, 100));
    expect(desk.said()).toEqual(["closed a rejected: insufficient funds"]);
  });

  it.each([
    ["off the step", order("a", "BUY", 1.0005), "quantity 1.0005 is off the step or below the minimum"],
    ["below the minimum", order("a", "BUY", 0.009), "quantity 0.009 is off the step or below the minimum"],
    ["of nothing", order("a", "BUY", 0), "quantity 0 is off the step or below the minimum"],
  ])("an order %s is refused before it reaches the book", (_name, spec, reason) => {
    const desk = venueDesk({ ...spot, minQty: d("0.01") });
    desk.place(spec);
    expect(desk.said()).toEqual([`closed a rejected: ${reason}`]);
    desk.match(flat(0, 100));
    expect(desk.held()).toBe(0);
  });

  it("a client id that is open already is refused, one that is over is not", () => {
    const desk = venueDesk(spot);
    desk.place(order("a", "BUY", 1));
    desk.place(order("a", "BUY", 1));
    expect(desk.said()).toEqual(["closed a rejected: duplicate client id"]);
    desk.match(flat(0, 100));
    desk.place(order("a", "BUY", 1));
    desk.match(flat(1, 100));
    expect(desk.held()).toBe(2);
  });
});

describe("a budget", () => {
  it.each([
    ["1000", "0.001", "100", "9.99", "1000 / 100.1 = 9.99001"],
    ["100.1", "0.001", "100", "1", "to the last unit: 100 and its fee of .1"],
    ["100.0999", "0.001", "100", "0.999", "not quite one"],
    ["1000", "1", "99.9", "10", "1000 / 99.9999 = 10.00001"],
    ["1000", "1", "99.91", "9", "1000 / 100.00991 = 9.999"],
  ])("of %s in steps of %s at %s buys %s (%s)", (money, step, price, quantity, _working) => {
    expect(budgetQuantity({ ...spot, step: d(step), takerFee: d("0.001") }, d(money), d(price))).toBe(d(quantity));
  });

  it("is never overspent, and one step more would overspend it", () => {
    const someCase = fc.record({
      kind: fc.constantFrom("spot" as const, "linear" as const, "inverse" as const),
      cents: fc.integer({ min: 1, max: 1_000_000_000 }),
      ticks: fc.integer({ min: 1, max: 10_000_000 }),
      fee: fc.integer({ min: 0, max: 5_000 }),
    });
    fc.assert(
      fc.property(someCase, ({ kind, cents, ticks, fee }) => {
        const one = { ...instrument(kind), takerFee: fromNumber<never>(fee / 1e6) };
        const price = (BigInt(ticks) * one.tick) as Price;
        const money = fromNumber<Money>(cents / 100);
        const cost = (quantity: Qty) => {
          const value = tradeValue(one, quantity, price);
          return value + feeOf(one, "BUY", quantity, value, "taker").fee * 1_000_000_000_000n;
        };
        const quantity = budgetQuantity(one, money, price);
        expect(quantity % one.step).toBe(0n);
        // The fee is rounded up to 1e-12.
        expect(cost(quantity) - money * 1_000_000_000_000n < 1_000_000_000_000n).toBe(true);
        expect(cost((quantity + one.step) as Qty) > money * 1_000_000_000_000n).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it("goes on over bars that are too thin until less than a step is left", () => {
    const desk = venueDesk({ ...spot, step: d("1"), minQty: d("1") }, { fills: { maxVolumeShare: 1 } });
    desk.place(order("a", "BUY", 0, budget("1000")));
    desk.match({ ...flat(0, 100), volume: 4 }, { ...flat(1, 110), volume: 3 }, { ...flat(2, 150), volume: 100 });
    expect(desk.said()).toEqual([
      "fill a BUY 4 @ 100 fee 0 USD taker",
      "fill a BUY 3 @ 110 fee 0 USD taker",
      "fill a BUY 1 @ 150 fee 0 USD taker",
      "closed a filled",
    ]);
    expect(desk.cash()).toBe(99_120);
  });

  it("is over, and filled, when what is left buys no step; the fee is part of what is spent", () => {
    const desk = venueDesk({ ...spot, step: d("1"), minQty: d("1"), takerFee: d("0.01") }, { fills: { maxVolumeShare: 1 } });
    desk.place(order("a", "BUY", 0, budget("1000")));
    // 1000 - 4 x 100 x 1.01 - 4 x 118 x 1.01 = 119.28, and one more at 118.1 would be 119.281.
    desk.match({ ...flat(0, 100), volume: 4 }, { ...flat(1, 118), volume: 4 }, { ...flat(2, 118.1), volume: 9 });
    expect(desk.said()).toEqual([
      "fill a BUY 4 @ 100 fee 4 USD taker",
      "fill a BUY 4 @ 118 fee 4.72 USD taker",
      "closed a filled: budget is below one step",
    ]);
  });

  it("below one step is rejected", () => {
    const desk = venueDesk({ ...spot, step: d("1") });
    desk.place(order("a", "BUY", 0, budget("99.99")));
    desk.match(flat(0, 100));
    expect(desk.said()).toEqual(["closed a rejected: budget is below one step"]);
    expect(toNumber(desk.venue.book.instruments.get(spot.id)!.position.qty)).toBe(0);
  });
});

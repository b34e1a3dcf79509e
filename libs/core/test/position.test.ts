import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ONE, type Exact, type Money, type Price, type Qty } from "../src/domain/fixed.ts";
import { positionUnit, type Instrument } from "../src/domain/instrument.ts";
import type { Execution } from "../src/domain/order.ts";
import type { FillEvent, LedgerAccount } from "../src/ledger/entry.ts";
import { applyFill, tradeValue, type Position } from "../src/ledger/position.ts";
import { feeOf } from "../src/sim/fill.ts";
import { createPrng, type Prng } from "../src/sim/prng.ts";
import { d, instrument } from "./support/builders.ts";
import { ledgerBook } from "./support/ledger-book.ts";
import { add, close, fraction, fromFixed, subtract, times, type Fraction } from "./support/fraction.ts";

const spotBuysPayInCoin = instrument("spot", { feeIn: "received", makerFee: d("0.0008"), takerFee: d("0.001"), step: d("0.00001") });
const instruments: readonly Instrument[] = [
  spotBuysPayInCoin,
  instrument("spot", { takerFee: d("0.0007"), makerFee: d("-0.0001") }),
  instrument("linear", { multiplier: d("0.001"), takerFee: d("0.00055"), makerFee: d("0.0002") }),
  instrument("inverse", { multiplier: d("100"), step: d("1"), takerFee: d("0.00055"), makerFee: d("-0.00025") }),
];
const RUNS = 100;
const FILLS_PER_RUN = 10_000;

/** A fill that the instrument allows: spot never sells more than is held. Small sizes, so that positions often turn. */
function someFill(prng: Prng, instrument: Instrument, held: Qty, n: number): Execution | undefined {
  const price = BigInt(1 + prng.below(9_999_999)) * instrument.tick;
  const steps = BigInt(1 + prng.below(12));
  let quantity = (steps * instrument.step) as Qty;
  let side: Execution["side"] = prng.chance(0.5) ? "BUY" : "SELL";
  if (instrument.kind === "spot" && side === "SELL") {
    const most = held - (held % instrument.step);
    if (most <= 0n) side = "BUY";
    else if (quantity > most) quantity = most as Qty;
  }
  const liquidity = prng.chance(0.5) ? "maker" : "taker";
  const fee = feeOf(instrument, side, quantity, tradeValue(instrument, quantity, price as Price), liquidity);
  return { tradeId: `t${n}`, side, quantity, price: price as Price, ...fee, liquidity };
}

/** What the test adds up beside the ledger. */
interface Sums {
  readonly accounts: Map<string, bigint>;
  held: bigint;
  signedValue: bigint;
  /** Value, at the price of their fill, of the units that went as fees. */
  feeValue: bigint;
  realized: bigint;
  settleFees: bigint;
}

function check(sums: Sums, instrument: Instrument, event: FillEvent): void {
  const units = new Map<string, bigint>();
  for (const { account, unit, amount } of event.postings) {
    units.set(unit, (units.get(unit) ?? 0n) + amount);
    const key = `${account} ${unit}`;
    sums.accounts.set(key, (sums.accounts.get(key) ?? 0n) + amount);
    if (account === "residue") {
      if (amount > ONE || amount < -ONE) throw new Error(`residue of ${amount}e-24`);
    } else if (account !== "trade" && amount % ONE !== 0n) throw new Error(`${account} moved by ${amount}e-24, below the 12th decimal`);
  }
  for (const [unit, sum] of units) if (sum !== 0n) throw new Error(`postings in ${unit} sum to ${sum}`);
  const sign = event.side === "BUY" ? 1n : -1n;
  sums.held += sign * event.quantity - (event.feeCurrency === instrument.settle ? 0n : event.fee);
  sums.signedValue += sign * tradeValue(instrument, event.quantity, event.price);
  sums.realized += event.realized;
  if (event.feeCurrency === instrument.settle) sums.settleFees += event.fee;
  else sums.feeValue += event.fee * event.price;
  if (event.positionAfter !== sums.held) throw new Error(`position ${event.positionAfter}, fills less fees ${sums.held}`);
}

function runFills(seed: number, instrument: Instrument): void {
  const prng = createPrng(seed);
  const book = ledgerBook(instrument, "5000000");
  const slot = book.state.slotsByInstrument.get(instrument.id)![0]!;
  const sums: Sums = { accounts: new Map(), held: 0n, signedValue: 0n, feeValue: 0n, realized: 0n, settleFees: 0n };
  for (let n = 0; n < FILLS_PER_RUN; n++) check(sums, instrument, book.book(someFill(prng, instrument, slot.position.qty, n)!));

  const of = (account: LedgerAccount, unit: string) => sums.accounts.get(`${account} ${unit}`) ?? 0n;
  const { settle } = instrument;
  for (const unit of new Set([settle, positionUnit(instrument), instrument.base]))
    expect(["cash", "position", "trade", "fee", "residue"].reduce((sum, account) => sum + of(account as LedgerAccount, unit), 0n)).toBe(0n);
  expect(slot.position.qty * ONE).toBe(of("position", positionUnit(instrument)));

  const start = 5_000_000n * ONE * ONE;
  expect(book.state.balances.get(settle)).toBe(start + of("cash", settle));
  expect(book.state.variants.get("v")!.cash).toBe(start + of("cash", settle));
  const flows = instrument.kind === "spot" ? -sums.signedValue : sums.realized;
  expect(of("cash", settle)).toBe(flows - of("residue", settle) - sums.settleFees * ONE);
  // What was paid in, less what is still held at cost, is what was gained. A fill that turns a position is valued in
  // two parts, each rounded at the 24th decimal where the value does not end there.
  const paidIn = sums.signedValue - sums.feeValue;
  const gained = instrument.kind === "inverse" ? paidIn - slot.position.cost : slot.position.cost - paidIn;
  const off = gained - sums.realized;
  expect(off <= FILLS_PER_RUN && off >= -FILLS_PER_RUN).toBe(true);
  if (instrument.kind !== "inverse") expect(off).toBe(0n);
}

describe("a million random fills", () => {
  it("balance, event by event and in sum, with rounding in the residue account alone", () => {
    let fills = 0;
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...instruments), (seed, instrument) => {
        runFills(seed, instrument);
        fills += FILLS_PER_RUN;
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(fills).toBe(1_000_000);
  });
});

/** Average cost in exact fractions, which the ledger's own rounding may not drift from. */
function reference(instrument: Instrument): { fill(side: "BUY" | "SELL", quantity: bigint, price: bigint): Fraction; cost(): Fraction } {
  let held = fraction(0n);
  let cost = fraction(0n);
  const value = (quantity: Fraction, price: Fraction) => {
    const units = times(quantity, fromFixed(instrument.multiplier));
    return instrument.kind === "inverse" ? times(units, fraction(price.below, price.above)) : times(units, price);
  };
  return {
    cost: () => cost,
    fill(side, quantity, price) {
      const at = fromFixed(price);
      let rest = fromFixed(side === "BUY" ? quantity : -quantity);
      let gain = fraction(0n);
      if (held.above !== 0n && held.above > 0n !== rest.above > 0n) {
        const after = add(held, rest).above;
        const turns = held.above > 0n ? after <= 0n : after >= 0n;
        const closing = turns ? fraction(-held.above, held.below) : rest;
        const relieved = times(cost, fraction(closing.above * held.below, -closing.below * held.above));
        const exit = value(fraction(-closing.above, closing.below), at);
        gain = instrument.kind === "inverse" ? subtract(relieved, exit) : subtract(exit, relieved);
        cost = subtract(cost, relieved);
        held = add(held, closing);
        rest = subtract(rest, closing);
      }
      cost = add(cost, value(rest, at));
      held = add(held, rest);
      return gain;
    },
  };
}

describe("cost and profit", () => {
  const someFills = fc.array(
    fc.record({ buy: fc.boolean(), steps: fc.integer({ min: 1, max: 40 }), ticks: fc.integer({ min: 1, max: 9_999_999 }) }),
    { maxLength: 60 },
  );

  it("follow average cost in exact fractions to within 1e-24 per fill", () => {
    fc.assert(
      fc.property(someFills, fc.constantFrom(...instruments), (fills, instrument) => {
        const position: Position = { qty: 0n as Qty, cost: 0n as Exact };
        const exact = reference(instrument);
        fills.forEach(({ buy, steps, ticks }, i) => {
          const side = buy ? "BUY" : "SELL";
          const quantity = (BigInt(steps) * instrument.step) as Qty;
          const price = (BigInt(ticks) * instrument.tick) as Price;
          const { realized } = applyFill(position, instrument, side, quantity, price);
          const gain = exact.fill(side, quantity, price);
          expect(close(gain, realized, i + 2) && close(exact.cost(), position.cost, i + 2)).toBe(true);
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it("leave no cost behind when the position is closed, however it was built", () => {
    fc.assert(
      fc.property(someFills, fc.constantFrom(...instruments), fc.integer({ min: 1, max: 9_999_999 }), (fills, instrument, ticks) => {
        const position: Position = { qty: 0n as Qty, cost: 0n as Exact };
        for (const { buy, steps, ticks: at } of fills)
          applyFill(
            position,
            instrument,
            buy ? "BUY" : "SELL",
            (BigInt(steps) * instrument.step) as Qty,
            (BigInt(at) * instrument.tick) as Price,
          );
        const held = position.qty;
        if (held !== 0n)
          applyFill(
            position,
            instrument,
            held > 0n ? "SELL" : "BUY",
            (held > 0n ? held : -held) as Qty,
            (BigInt(ticks) * instrument.tick) as Price,
          );
        expect(position).toEqual({ qty: 0n, cost: 0n });
      }),
    );
  });
});

describe("fees in the bought asset", () => {
  it("lessen the position at the price it was bought for, and not the cash", () => {
    const book = ledgerBook(spotBuysPayInCoin);
    const fee = feeOf(spotBuysPayInCoin, "BUY", d("2"), tradeValue(spotBuysPayInCoin, d("2"), d("1000")), "taker");
    expect(fee).toEqual({ fee: d("0.002"), feeCurrency: "BTC" });
    book.book({ tradeId: "t1", side: "BUY", quantity: d("2"), price: d("1000"), ...fee, liquidity: "taker" });
    expect(book.shows()).toEqual({ cash: "8000", held: "1.998", cost: "1998" });
  });

  it("in a third currency come out of that currency's cash", () => {
    const book = ledgerBook(spotBuysPayInCoin);
    book.book({
      tradeId: "t1",
      side: "BUY",
      quantity: d("2"),
      price: d("1000"),
      fee: d<Money>("0.01"),
      feeCurrency: "BNB",
      liquidity: "taker",
    });
    expect(book.shows()).toEqual({ cash: "8000", held: "2", cost: "2000" });
    expect(book.state.balances.get("BNB")).toBe(-10_000_000_000_000_000_000_000n);
  });
});

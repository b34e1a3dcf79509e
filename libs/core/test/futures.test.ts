import { describe, expect, it } from "vitest";
import { formatExact, type Exact } from "../src/domain/fixed.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import { bar, d, flat, instrument, plan } from "./support/builders.ts";
import { ledgerBook, taken } from "./support/ledger-book.ts";
import { rig, says } from "./support/rig.ts";

type Fill = readonly [side: "BUY" | "SELL", quantity: string, price: string];

interface Row {
  readonly name: string;
  readonly instrument: Instrument;
  readonly fills: readonly Fill[];
  /** The sums by hand. */
  readonly working: string;
  /** From a balance of 10000 in the settle currency. */
  readonly cash: string;
  readonly held: string;
  readonly cost: string;
  readonly realized: string;
}

const linear = (over: Partial<Instrument> = {}) => instrument("linear", over);
/** A contract on 100 USD, settled in BTC. */
const inverse = (over: Partial<Instrument> = {}) => instrument("inverse", { multiplier: d("100"), step: d("1"), minQty: d("1"), tick: d("0.5"), ...over });

const rows: readonly Row[] = [
  {
    name: "linear long, closed whole, taker fee 0.0005",
    instrument: linear({ takerFee: d("0.0005") }),
    fills: [["BUY", "10", "46377"], ["SELL", "10", "46448"]],
    working: "fees 463770 x .0005 = 231.885 and 464480 x .0005 = 232.24; gain 10 x 71 = 710; 10000 - 231.885 + 710 - 232.24",
    cash: "10245.875",
    held: "0",
    cost: "0",
    realized: "710",
  },
  {
    name: "linear short, closed whole at a loss",
    instrument: linear({ takerFee: d("0.001") }),
    fills: [["SELL", "2", "100"], ["BUY", "2", "110"]],
    working: "fees .2 and .22; loss 2 x (100 - 110) = -20; 10000 - .2 - 20 - .22",
    cash: "9979.58",
    held: "0",
    cost: "0",
    realized: "-20",
  },
  {
    name: "linear long in two parts, closed in two: average cost",
    instrument: linear(),
    fills: [["BUY", "1", "100"], ["BUY", "3", "120"], ["SELL", "2", "130"], ["SELL", "2", "90"]],
    working: "cost 100 + 360 = 460, 115 each; 2 x (130 - 115) = 30; 2 x (90 - 115) = -50",
    cash: "9980",
    held: "0",
    cost: "0",
    realized: "-20",
  },
  {
    name: "linear long, closed in part",
    instrument: linear(),
    fills: [["BUY", "4", "115"], ["SELL", "1", "135"]],
    working: "1 x (135 - 115) = 20 realised; 3 x 115 = 345 still held",
    cash: "10020",
    held: "3",
    cost: "345",
    realized: "20",
  },
  {
    name: "linear long reversed to short by one fill",
    instrument: linear({ takerFee: d("0.001") }),
    fills: [["BUY", "2", "100"], ["SELL", "5", "110"]],
    working: "closes 2: 2 x 10 = 20; opens 3 short at 110: -330; fees .2 and 5 x 110 x .001 = .55",
    cash: "10019.25",
    held: "-3",
    cost: "-330",
    realized: "20",
  },
  {
    name: "linear short reversed to long, then closed",
    instrument: linear(),
    fills: [["SELL", "3", "110"], ["BUY", "4", "100"], ["SELL", "1", "105"]],
    working: "3 x (110 - 100) = 30; 1 long at 100; 1 x (105 - 100) = 5",
    cash: "10035",
    held: "0",
    cost: "0",
    realized: "35",
  },
  {
    name: "linear short with a multiplier: 30 contracts of 0.001 BTC",
    instrument: linear({ multiplier: d("0.001"), step: d("1"), takerFee: d("0.0005") }),
    fills: [["SELL", "30", "60000"], ["BUY", "10", "59000"]],
    working: "value 30 x .001 x 60000 = 1800, fee .9; 10 closed: .01 x (60000 - 59000) = 10, fee 590 x .0005 = .295; left 20 x .001 x 60000 = 1200",
    cash: "10008.805",
    held: "-20",
    cost: "-1200",
    realized: "10",
  },
  {
    name: "linear long with a rebate",
    instrument: linear({ takerFee: d("-0.0001") }),
    fills: [["BUY", "1", "1000"]],
    working: "1000 x -.0001 = -.1 paid, so .1 received",
    cash: "10000.1",
    held: "1",
    cost: "1000",
    realized: "0",
  },
  {
    name: "inverse long, closed whole",
    instrument: inverse({ takerFee: d("0.0005") }),
    fills: [["BUY", "100", "50000"], ["SELL", "100", "62500"]],
    working: "10000 USD: 10000/50000 - 10000/62500 = .2 - .16 = .04 BTC; fees .0001 and .00008",
    cash: "10000.03982",
    held: "0",
    cost: "0",
    realized: "0.04",
  },
  {
    name: "inverse long at a loss: the fall costs more than the rise earned",
    instrument: inverse(),
    fills: [["BUY", "100", "50000"], ["SELL", "100", "40000"]],
    working: "10000/50000 - 10000/40000 = .2 - .25 = -.05",
    cash: "9999.95",
    held: "0",
    cost: "0",
    realized: "-0.05",
  },
  {
    name: "inverse short, closed in part",
    instrument: inverse({ takerFee: d("0.001") }),
    fills: [["SELL", "100", "50000"], ["BUY", "25", "40000"]],
    working: "short of .2 BTC; 2500/40000 - 2500/50000 = .0625 - .05 = .0125; fees .0002 and .0000625; left .15",
    cash: "10000.0122375",
    held: "-75",
    cost: "-0.15",
    realized: "0.0125",
  },
  {
    name: "inverse long in two parts: harmonic average",
    instrument: inverse(),
    fills: [["BUY", "100", "50000"], ["BUY", "100", "40000"], ["SELL", "200", "50000"]],
    working: "cost .2 + .25 = .45 (entry 20000/.45 = 44444.44); .45 - 20000/50000 = .05",
    cash: "10000.05",
    held: "0",
    cost: "0",
    realized: "0.05",
  },
  {
    name: "inverse short reversed to long",
    instrument: inverse(),
    fills: [["SELL", "50", "50000"], ["BUY", "150", "62500"]],
    working: "5000/62500 - 5000/50000 = .08 - .1 = -.02; 10000 USD long at 62500: .16 BTC",
    cash: "9999.98",
    held: "100",
    cost: "0.16",
    realized: "-0.02",
  },
  {
    name: "inverse long at a price that does not divide: the rest below 1e-12 is residue",
    instrument: inverse(),
    fills: [["BUY", "1", "30000"], ["SELL", "1", "60000"]],
    working: "100/30000 - 100/60000 = .00333.. - .001666.. = .001666666666666666666666 or ..67 at 24 decimals; .001666666667 is paid",
    cash: "10000.001666666667",
    held: "0",
    cost: "0",
    realized: "0.001666666666666666666666",
  },
];

describe("contracts, by hand", () => {
  it.each(rows)("$name: $working", ({ instrument, fills, cash, held, cost, realized }) => {
    const book = ledgerBook(instrument);
    let gained = 0n;
    fills.forEach(([side, quantity, price], i) => {
      gained += book.book(taken(instrument, side, quantity, price, `t${i}`)).realized;
    });
    expect(book.shows()).toEqual({ cash, held, cost });
    expect(formatExact(gained as Exact)).toBe(realized);
  });
});

describe("contracts through the engine and the simulated venue", () => {
  const btc = linear({ takerFee: d("0.0005"), initialMargin: d("0.05"), tick: d("1") });
  const account = { id: "a", currency: "USD", startingBalance: d<never>("1000000") };

  it("pays the fee and no more on entry, and takes profit less fee when the view turns", () => {
    const done = rig(plan([btc], { account, sizing: { method: "quantity", quantity: 10 }, risk: { leverage: 10 } }), says("BHS"));
    const on = { instrument: btc.id };
    done.run([flat(0, 46_380, on), bar(1, [46_377, 46_400, 46_370, 46_390], on)]);
    // 46377 x 10 x .0005 = 231.885 is paid on entry; the price of the contract is not.
    expect(done.cash()).toBe("999768.115");
    expect(done.held()).toBe(10);
    done.run([flat(2, 46_440, on), bar(3, [46_448, 46_500, 46_400, 46_450], on)]);
    // + 10 x 71 - 46448 x 10 x .0005 = 1,000,245.875; the sale reverses: 10 are then sold short for 232.24 of fee.
    expect(done.fills()).toEqual(["BUY 10 @ 46377 entry", "SELL 10 @ 46448 close", "SELL 10 @ 46448 entry"]);
    expect(done.cash()).toBe("1000013.635");
  });

  it("10 BTC bought at 46377 and sold at 46448 at leverage 10 leave 1,000,245.875 of a million", () => {
    const done = rig(plan([btc], { account, sizing: { method: "quantity", quantity: 10 }, risk: { leverage: 10 }, fills: { atEnd: "close_at_open" } }), says("B"));
    const last = bar(1, [46_377, 46_460, 46_370, 46_440], { instrument: btc.id });
    done.run([flat(0, 46_380, { instrument: btc.id }), last]);
    done.engine.finish([flat(2, 46_448, { instrument: btc.id })]);
    expect(done.cash()).toBe("1000245.875");
    expect(done.held()).toBe(0);
  });

  it.each([
    // Margin and fee of 10 x 1000 at leverage 10: 1000 + 5; one cent less does not do.
    ["1005", "10 x 1000 / 10 + 10 x 1000 x .0005", "BUY 10 @ 1000 entry"],
    ["1004.99", "a cent short", "refused"],
  ])("a balance of %s (%s): %s", (balance, _working, outcome) => {
    const one = linear({ takerFee: d("0.0005"), initialMargin: d("0.05") });
    const own = plan([one], { account: { ...account, startingBalance: d(balance) }, sizing: { method: "cash_fraction", fraction: 1 }, risk: { leverage: 10 } });
    const whole = { ...own, instruments: [{ ...one, step: d<never>("10"), minQty: d<never>("10") }] };
    const done = rig(whole, says("B")).run([flat(0, 1000, { instrument: one.id }), flat(1, 1000, { instrument: one.id })]);
    expect(done.fills().at(0) ?? "refused").toBe(outcome);
  });

  it("asks the venue's own initial margin where the leverage would put up less", () => {
    // Leverage 50 would take 2 %; the venue wants 5 %: 200 of margin carry 4000 of notional, 4 contracts at 1000.
    const one = linear({ initialMargin: d("0.05"), step: d("1"), minQty: d("1") });
    const own = plan([one], { account: { ...account, startingBalance: d("200") }, sizing: { method: "cash_fraction", fraction: 1 }, risk: { leverage: 50 } });
    const done = rig(own, says("B")).run([flat(0, 1000, { instrument: one.id }), flat(1, 1000, { instrument: one.id })]);
    expect(done.fills()).toEqual(["BUY 4 @ 1000 entry"]);
  });

  it("spends nothing but fees on a reversal beyond profit and loss, inverse", () => {
    const coin = inverse({ takerFee: d("0.0005") });
    const own = plan([coin], { account: { id: "a", currency: "BTC", startingBalance: d("1") }, sizing: { method: "quantity", quantity: 100 }, risk: { leverage: 5 } });
    const on = { instrument: coin.id };
    const done = rig(own, says("BSHB")).run([flat(0, 50_000, on), flat(1, 50_000, on), flat(2, 62_500, on), flat(3, 50_000, on), flat(4, 40_000, on)]);
    expect(done.fills()).toEqual(["BUY 100 @ 50000 entry", "SELL 100 @ 62500 close", "SELL 100 @ 62500 entry", "BUY 100 @ 40000 close", "BUY 100 @ 40000 entry"]);
    // .04 long; then 10000/40000 - 10000/62500 = .09 short; fees .0001 + 2 x .00008 + 2 x .000125.
    expect(done.cash()).toBe("1.12949");
  });
});

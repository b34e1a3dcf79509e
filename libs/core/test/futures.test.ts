import { describe, expect, it } from "vitest";
import { formatExact, type Exact } from "../src/domain/fixed.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import { d, instrument } from "./support/builders.ts";
import { ledgerBook, taken } from "./support/ledger-book.ts";

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
const inverse = (over: Partial<Instrument> = {}) =>
  instrument("inverse", { multiplier: d("100"), step: d("1"), minQty: d("1"), tick: d("0.5"), ...over });

const rows: readonly Row[] = [
  {
    name: "linear long, closed whole, taker fee 0.0005",
    instrument: linear({ takerFee: d("0.0005") }),
    fills: [
      ["BUY", "10", "46377"],
      ["SELL", "10", "46448"],
    ],
    working: "fees 463770 x .0005 = 231.885 and 464480 x .0005 = 232.24; gain 10 x 71 = 710; 10000 - 231.885 + 710 - 232.24",
    cash: "10245.875",
    held: "0",
    cost: "0",
    realized: "710",
  },
  {
    name: "linear short, closed whole at a loss",
    instrument: linear({ takerFee: d("0.001") }),
    fills: [
      ["SELL", "2", "100"],
      ["BUY", "2", "110"],
    ],
    working: "fees .2 and .22; loss 2 x (100 - 110) = -20; 10000 - .2 - 20 - .22",
    cash: "9979.58",
    held: "0",
    cost: "0",
    realized: "-20",
  },
  {
    name: "linear long in two parts, closed in two: average cost",
    instrument: linear(),
    fills: [
      ["BUY", "1", "100"],
      ["BUY", "3", "120"],
      ["SELL", "2", "130"],
      ["SELL", "2", "90"],
    ],
    working: "cost 100 + 360 = 460, 115 each; 2 x (130 - 115) = 30; 2 x (90 - 115) = -50",
    cash: "9980",
    held: "0",
    cost: "0",
    realized: "-20",
  },
  {
    name: "linear long, closed in part",
    instrument: linear(),
    fills: [
      ["BUY", "4", "115"],
      ["SELL", "1", "135"],
    ],
    working: "1 x (135 - 115) = 20 realised; 3 x 115 = 345 still held",
    cash: "10020",
    held: "3",
    cost: "345",
    realized: "20",
  },
  {
    name: "linear long reversed to short by one fill",
    instrument: linear({ takerFee: d("0.001") }),
    fills: [
      ["BUY", "2", "100"],
      ["SELL", "5", "110"],
    ],
    working: "closes 2: 2 x 10 = 20; opens 3 short at 110: -330; fees .2 and 5 x 110 x .001 = .55",
    cash: "10019.25",
    held: "-3",
    cost: "-330",
    realized: "20",
  },
  {
    name: "linear short reversed to long, then closed",
    instrument: linear(),
    fills: [
      ["SELL", "3", "110"],
      ["BUY", "4", "100"],
      ["SELL", "1", "105"],
    ],
    working: "3 x (110 - 100) = 30; 1 long at 100; 1 x (105 - 100) = 5",
    cash: "10035",
    held: "0",
    cost: "0",
    realized: "35",
  },
  {
    name: "linear short with a multiplier: 30 contracts of 0.001 BTC",
    instrument: linear({ multiplier: d("0.001"), step: d("1"), takerFee: d("0.0005") }),
    fills: [
      ["SELL", "30", "60000"],
      ["BUY", "10", "59000"],
    ],
    working:
      "value 30 x .001 x 60000 = 1800, fee .9; 10 closed: .01 x (60000 - 59000) = 10, fee 590 x .0005 = .295; left 20 x .001 x 60000 = 1200",
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
    fills: [
      ["BUY", "100", "50000"],
      ["SELL", "100", "62500"],
    ],
    working: "10000 USD: 10000/50000 - 10000/62500 = .2 - .16 = .04 BTC; fees .0001 and .00008",
    cash: "10000.03982",
    held: "0",
    cost: "0",
    realized: "0.04",
  },
  {
    name: "inverse long at a loss: the fall costs more than the rise earned",
    instrument: inverse(),
    fills: [
      ["BUY", "100", "50000"],
      ["SELL", "100", "40000"],
    ],
    working: "10000/50000 - 10000/40000 = .2 - .25 = -.05",
    cash: "9999.95",
    held: "0",
    cost: "0",
    realized: "-0.05",
  },
  {
    name: "inverse short, closed in part",
    instrument: inverse({ takerFee: d("0.001") }),
    fills: [
      ["SELL", "100", "50000"],
      ["BUY", "25", "40000"],
    ],
    working: "short of .2 BTC; 2500/40000 - 2500/50000 = .0625 - .05 = .0125; fees .0002 and .0000625; left .15",
    cash: "10000.0122375",
    held: "-75",
    cost: "-0.15",
    realized: "0.0125",
  },
  {
    name: "inverse long in two parts: harmonic average",
    instrument: inverse(),
    fills: [
      ["BUY", "100", "50000"],
      ["BUY", "100", "40000"],
      ["SELL", "200", "50000"],
    ],
    working: "cost .2 + .25 = .45 (entry 20000/.45 = 44444.44); .45 - 20000/50000 = .05",
    cash: "10000.05",
    held: "0",
    cost: "0",
    realized: "0.05",
  },
  {
    name: "inverse short reversed to long",
    instrument: inverse(),
    fills: [
      ["SELL", "50", "50000"],
      ["BUY", "150", "62500"],
    ],
    working: "5000/62500 - 5000/50000 = .08 - .1 = -.02; 10000 USD long at 62500: .16 BTC",
    cash: "9999.98",
    held: "100",
    cost: "0.16",
    realized: "-0.02",
  },
  {
    name: "inverse long at a price that does not divide: the rest below 1e-12 is residue",
    instrument: inverse(),
    fills: [
      ["BUY", "1", "30000"],
      ["SELL", "1", "60000"],
    ],
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

import { describe, expect, it } from "vitest";
import { analyse, type AnalysisInput } from "../src/analytics/analysis.ts";
import { costBreakdown } from "../src/analytics/costs.ts";
import { fillRecords, flowRecords, type FillRecord } from "../src/analytics/fills.ts";
import type { CandleColumns } from "../src/domain/candle.ts";
import { parseExact, parseFixed, type Money, type Price, type Qty, type Rate } from "../src/domain/fixed.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import type { FillEvent, LedgerEntry, LedgerEvent } from "../src/ledger/entry.ts";

const DAY = 86_400_000;

const spot: Instrument = {
  id: "BTC-USDT",
  symbol: "BTC/USDT",
  venue: "sim",
  assetClass: "crypto",
  kind: "spot",
  base: "BTC",
  quote: "USDT",
  settle: "USDT",
  tick: parseFixed<Price>("0.01"),
  step: parseFixed<Qty>("0.001"),
  minQty: parseFixed<Qty>("0.001"),
  minNotional: parseFixed<Money>("10"),
  multiplier: parseFixed<Qty>("1"),
  makerFee: parseFixed<Rate>("0.001"),
  takerFee: parseFixed<Rate>("0.001"),
  feeIn: "received",
  maxLeverage: 1,
  initialMargin: parseFixed<Rate>("1"),
  maintenanceMargin: parseFixed<Rate>("0"),
  calendar: "24/7",
};
const inverse: Instrument = { ...spot, id: "BTC-USD-PERP", kind: "inverse", quote: "USD", settle: "BTC", feeIn: "settle" };
const instruments = new Map([spot, inverse].map((one) => [one.id, one]));

function fillEvent(over: Partial<FillEvent>): FillEvent {
  return {
    type: "fill",
    tradeId: "t",
    clientId: "c",
    variant: "v",
    instrument: "BTC-USDT",
    side: "BUY",
    quantity: parseFixed<Qty>("2"),
    price: parseFixed<Price>("20000"),
    fee: parseFixed<Money>("0"),
    feeCurrency: "USDT",
    liquidity: "taker",
    leg: "entry",
    reason: "cross up",
    realized: parseExact("0"),
    positionAfter: parseFixed<Qty>("2"),
    costAfter: parseExact("0"),
    postings: [],
    ...over,
  };
}

function entry(n: number, ...events: LedgerEvent[]): LedgerEntry {
  return { n, ownerEpoch: 1, time: n * DAY, watermark: n * DAY, input: "report", events };
}

describe("fills of a ledger", () => {
  it("converts a fee to the settle currency at the fill price", () => {
    const fee = parseFixed<Money>("0.002");
    const records = fillRecords(
      [
        entry(1, fillEvent({ fee, feeCurrency: "BTC" }), fillEvent({ fee, feeCurrency: "USDT" })),
        entry(2, fillEvent({ instrument: "BTC-USD-PERP", fee: parseFixed<Money>("40"), feeCurrency: "USD" })),
        entry(3, fillEvent({ fee: parseFixed<Money>("0.1"), feeCurrency: "BNB" })),
      ],
      instruments,
      (currency, settle) => (currency === "BNB" && settle === "USDT" ? 300 : undefined),
    );
    expect(records.map((record) => record.fee)).toEqual([40, 0.002, 0.002, 30]);
  });

  it("refuses a fee that it cannot convert, and an instrument that it does not know", () => {
    const thirdCurrency = fillEvent({ fee: parseFixed<Money>("1"), feeCurrency: "BNB" });
    expect(() => fillRecords([entry(1, thirdCurrency)], instruments)).toThrow(expect.objectContaining({ code: "FEE_CURRENCY" }));
    expect(() => fillRecords([entry(1, fillEvent({ instrument: "X" }))], instruments)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_INSTRUMENT" }),
    );
  });

  it("calls a remainder below one quantity step flat", () => {
    const [dust, step] = fillRecords(
      [entry(1, fillEvent({ positionAfter: parseFixed<Qty>("0.0009") }), fillEvent({ positionAfter: parseFixed<Qty>("-0.001") }))],
      instruments,
    );
    expect([dust!.positionAfter, step!.positionAfter]).toEqual([0, -0.001]);
  });

  it("orders fills and flows of one moment by their place in the ledger", () => {
    const funding: LedgerEvent = {
      type: "funding",
      ref: "f1",
      variant: "v",
      instrument: "BTC-USDT",
      rate: parseFixed<Rate>("0.0001"),
      amount: parseFixed<Money>("-4"),
      currency: "USDT",
      postings: [],
    };
    const entries = [entry(1, fillEvent({}), funding, fillEvent({ side: "SELL", positionAfter: parseFixed<Qty>("0") }))];
    expect(fillRecords(entries, instruments).map((record) => record.seq)).toEqual([1, 3]);
    expect(flowRecords(entries)).toEqual([
      { seq: 2, time: DAY, instrument: "BTC-USDT", variant: "v", type: "funding", amount: -4, ratio: 1 },
    ]);
  });
});

/** `count` trades of `pnl(i)` each, one per day. */
function run(count: number, pnl: (i: number) => number, over: Partial<AnalysisInput> = {}): AnalysisInput {
  const fills = Array.from({ length: count }, (_, i): FillRecord[] => {
    const base = {
      instrument: "A",
      variant: "v",
      quantity: 1,
      fee: 0.5,
      liquidity: "taker",
      reason: "",
      multiplier: 1,
      kind: "spot",
    } as const;
    const time = i * DAY;
    return [
      { ...base, seq: 2 * i, time, clientId: `${i}a`, side: "BUY", price: 100, realized: 0, leg: "entry", positionAfter: 1 },
      {
        ...base,
        seq: 2 * i + 1,
        time: time + 1000,
        clientId: `${i}b`,
        side: "SELL",
        price: 100 + pnl(i),
        realized: pnl(i),
        leg: "close",
        positionAfter: 0,
      },
    ];
  }).flat();
  const days = Math.max(count, 2);
  let equity = 1000;
  return {
    curve: {
      time: Float64Array.from({ length: days }, (_, i) => (i + 1) * DAY),
      equity: Float64Array.from({ length: days }, (_, i) => (equity += i < count ? pnl(i) - 1 : 0)),
      exposure: new Float64Array(days).fill(0.1),
    },
    fills,
    flows: [],
    candles: new Map<string, CandleColumns>(),
    gaps: [],
    ...over,
  };
}

describe("cautions", () => {
  const codes = (input: AnalysisInput) => analyse(input).cautions.map((one) => one.code);

  it("has none for a long run of many ordinary trades", () => {
    expect(codes(run(200, (i) => (i % 2 === 0 ? 16 : -11)))).toEqual([]);
  });

  it("names each weakness of a result", () => {
    expect(codes(run(5, () => 3))).toEqual(expect.arrayContaining(["FEW_TRADES", "SHORT_PERIOD"]));
    expect(codes(run(100, (i) => (i === 50 ? 500 : i % 2 === 0 ? 6 : -5)))).toContain("ONE_TRADE");
    expect(codes(run(100, (i) => (i % 2 === 0 ? 9 : -6)))).toContain("PROFIT_BELOW_COSTS");
    expect(codes(run(0, () => 0))).toContain("FLAT_EQUITY");
    expect(codes(run(100, () => -20))).toContain("ACCOUNT_LOST");
    expect(codes(run(100, () => 5))).toContain("TOO_GOOD");
    expect(codes(run(100, () => 5, { gaps: [{ instrument: "A", gaps: 3, bars: 5, firstAfter: 0 }] }))).toContain("DATA_GAPS");
  });

  it("sees liquidations, positions left open and a market hardly entered", () => {
    const input = run(100, (i) => (i % 3 === 0 ? -8 : 9));
    const liquidated = input.fills.map((fill, i) => (i === 7 ? { ...fill, leg: "liquidation" as const } : fill));
    expect(codes({ ...input, fills: liquidated })).toContain("LIQUIDATED");
    expect(codes({ ...input, fills: input.fills.slice(0, -1) })).toContain("OPEN_POSITION");
    const exposure = new Float64Array(100);
    expect(codes({ ...input, curve: { ...input.curve, exposure } })).toContain("LOW_EXPOSURE");
  });
});

describe("costs", () => {
  it("adds up to the difference between gross and net", () => {
    const input = run(40, (i) => i - 10, {
      flows: [
        { seq: 0.5, time: 0, instrument: "A", variant: "v", type: "funding", amount: -3, ratio: 1 },
        { seq: 2.5, time: 0, instrument: "A", variant: "v", type: "funding", amount: 1, ratio: 1 },
        { seq: 4.5, time: 0, instrument: "A", variant: "v", type: "dividend", amount: 2, ratio: 1 },
      ],
    });
    const costs = costBreakdown(input.fills, input.flows);
    expect(costs).toMatchObject({ makerFees: 0, takerFees: 40, fundingPaid: 3, fundingReceived: 1, dividends: 2, total: 42 });
    const { trips, instruments: parts, activity } = analyse(input);
    const net = trips.closed.reduce((sum, trip) => sum + trip.pnl, 0);
    expect(net).toBeCloseTo(costs.realizedGross - costs.total + costs.dividends, 9);
    expect(parts).toEqual([expect.objectContaining({ instrument: "A", pnl: net })]);
    expect(costs.costBps).toBeCloseTo((42 / activity.tradedNotional) * 10_000, 9);
  });
});

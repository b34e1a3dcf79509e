import { allocateColumns, fromNumber, type CandleColumns, type Instrument, type Timeframe } from "@tradewind/core";
import { describe, expect, it } from "vitest";
import { leaveOutClosed, tickNotice } from "../src/plausible.ts";

const stock: Instrument = {
  id: "AAPL",
  symbol: "AAPL",
  venue: "alpaca",
  assetClass: "stocks",
  kind: "spot",
  base: "AAPL",
  quote: "USD",
  settle: "USD",
  tick: fromNumber(0.01),
  step: fromNumber(0.001),
  minQty: fromNumber(0.001),
  minNotional: fromNumber(1),
  multiplier: fromNumber(1),
  makerFee: fromNumber(0),
  takerFee: fromNumber(0),
  feeIn: "settle",
  maxLeverage: 1,
  initialMargin: fromNumber(1),
  maintenanceMargin: fromNumber(0),
  calendar: "us-regular",
};
const on = (calendar: string): Instrument => ({ ...stock, calendar });

function rows(timeframe: Timeframe, opens: readonly number[], price = 100): CandleColumns {
  const columns = allocateColumns(stock.id, timeframe, opens.length);
  columns.openTime.set(opens);
  columns.closeTime.set(opens.map((time) => time + 60_000));
  opens.forEach((_, i) => columns.close.fill(price + i, i));
  return columns;
}

/** Friday 4 October 2013 in New York, in summer time. */
const newYork = (hour: number, minute: number) => Date.UTC(2013, 9, 4, hour + 4, minute);

describe("candles outside the sessions", () => {
  const opens = [newYork(4, 1), newYork(9, 29), newYork(9, 30), newYork(15, 59), newYork(16, 0)];

  it("are left out, and counted", () => {
    const { kept, notice } = leaveOutClosed(rows("1m", opens), on("us-regular"));
    expect([...kept.openTime]).toEqual([newYork(9, 30), newYork(15, 59)]);
    expect([...kept.closeTime]).toEqual([newYork(9, 31), newYork(16, 0)]);
    expect([...kept.close]).toEqual([102, 103]);
    expect(kept).toMatchObject({ length: 2, timeframe: "1m", instrument: stock.id });
    expect(notice).toMatch(/^3 of 5 candles .*us-regular.*us-extended/);
  });

  it("stay where the calendar is open, and so do daily ones", () => {
    for (const [calendar, timeframe] of [
      ["us-extended", "1m"],
      ["crypto-24-7", "1m"],
      ["us-regular", "1d"],
    ] as const) {
      const columns = rows(timeframe, opens);
      expect(leaveOutClosed(columns, on(calendar))).toEqual({ kept: columns, notice: undefined });
    }
  });

  it("are refused where there are no others", () => {
    expect(() => leaveOutClosed(rows("1m", [newYork(4, 1), newYork(4, 2)]), on("us-regular"))).toThrow(
      expect.objectContaining({ code: "OUTSIDE_SESSIONS", action: "input" }) as Error,
    );
  });
});

describe("prices few ticks high", () => {
  const ticked = { ...stock, tick: fromNumber<Instrument["tick"]>(0.1) };
  const of = (price: number) => tickNotice(rows("1d", [0], price), ticked);

  it("are told from 1000 ticks down and refused below 20", () => {
    expect(of(100)).toBeUndefined();
    expect(of(99)).toMatch(new RegExp(`99 .*990 ticks of 0.1.*${stock.symbol}.*--symbol`));
    expect(of(2)).toMatch(/20 ticks/);
    expect(() => of(1.9)).toThrow(expect.objectContaining({ code: "PRICE_BELOW_TICK", action: "input" }) as Error);
  });
});

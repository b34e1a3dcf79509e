import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FillRecord, FlowRecord } from "../src/analytics/fills.ts";
import { tradeStats } from "../src/analytics/trades.ts";
import { roundTrips } from "../src/analytics/trips.ts";
import { allocateColumns, type CandleColumns } from "../src/domain/candle.ts";

const none: ReadonlyMap<string, CandleColumns> = new Map();

function fill(seq: number, over: Partial<FillRecord>): FillRecord {
  return {
    seq,
    time: seq * 60_000,
    instrument: "BTC-USDT",
    variant: "v",
    side: "BUY",
    quantity: 1,
    price: 100,
    fee: 0,
    liquidity: "taker",
    realized: 0,
    leg: "entry",
    reason: "",
    clientId: String(seq),
    positionAfter: 0,
    multiplier: 1,
    kind: "spot",
    ...over,
  };
}

function flow(seq: number, over: Partial<FlowRecord>): FlowRecord {
  return { seq, time: seq * 60_000, instrument: "BTC-USDT", variant: "v", type: "funding", amount: 0, ratio: 1, ...over };
}

/** One-minute candles with the given [low, high]; candle i covers minutes [i, i + 1). */
function candles(ranges: readonly (readonly [number, number])[]): ReadonlyMap<string, CandleColumns> {
  const columns = allocateColumns("BTC-USDT", "1m", ranges.length);
  ranges.forEach(([low, high], i) => {
    columns.openTime[i] = i * 60_000;
    columns.closeTime[i] = (i + 1) * 60_000;
    columns.low[i] = low;
    columns.high[i] = high;
  });
  return new Map([["BTC-USDT", columns]]);
}

describe("round trips", () => {
  it("weights entry and exit by quantity and nets fees and funding", () => {
    const fills = [
      fill(1, { quantity: 1, price: 100, fee: 1, positionAfter: 1 }),
      fill(2, { quantity: 3, price: 120, fee: 2, positionAfter: 4 }),
      fill(4, { side: "SELL", quantity: 1, price: 130, realized: 15, fee: 1, leg: "target", positionAfter: 3 }),
      fill(5, { side: "SELL", quantity: 3, price: 110, realized: -15, fee: 1, leg: "stop", reason: "stop hit", positionAfter: 0 }),
    ];
    const { closed, open } = roundTrips(fills, [flow(3, { amount: -4 })], none);
    expect(open).toEqual([]);
    expect(closed).toEqual([
      {
        variant: "v",
        instrument: "BTC-USDT",
        direction: "long",
        entryTime: 60_000,
        exitTime: 300_000,
        quantity: 4,
        entryPrice: 115,
        exitPrice: 115,
        entryNotional: 460,
        pnl: -9,
        returnPct: (-9 / 460) * 100,
        fees: 5,
        flows: -4,
        exitLeg: "stop",
        exitReason: "stop hit",
        entryReason: "",
        bars: null,
        maePct: null,
        mfePct: null,
      },
    ]);
  });

  it("shares the fee of a reversal by quantity", () => {
    const fills = [
      fill(1, { quantity: 1, price: 100, positionAfter: 1 }),
      fill(2, { side: "SELL", quantity: 4, price: 110, fee: 8, realized: 10, positionAfter: -3 }),
      fill(3, { quantity: 3, price: 100, realized: 30, leg: "close", positionAfter: 0 }),
    ];
    const { closed } = roundTrips(fills, [], none);
    expect(closed.map(({ direction, fees, pnl, quantity }) => ({ direction, fees, pnl, quantity }))).toEqual([
      { direction: "long", fees: 2, pnl: 8, quantity: 1 },
      { direction: "short", fees: 6, pnl: 24, quantity: 3 },
    ]);
  });

  it("keeps variants and instruments apart and reports what is still open", () => {
    const fills = [
      fill(1, { positionAfter: 1 }),
      fill(2, { instrument: "ETH-USDT", side: "SELL", quantity: 2, price: 10, positionAfter: -2 }),
      fill(3, { variant: "w", side: "SELL", quantity: 1, positionAfter: -1 }),
      fill(4, { side: "SELL", realized: 0, positionAfter: 0 }),
    ];
    const { closed, open } = roundTrips(fills, [], none);
    expect(closed.map((trip) => [trip.variant, trip.instrument])).toEqual([["v", "BTC-USDT"]]);
    expect(open.map(({ variant, instrument, direction, quantity }) => [variant, instrument, direction, quantity])).toEqual([
      ["v", "ETH-USDT", "short", 2],
      ["w", "BTC-USDT", "short", 1],
    ]);
  });

  it("restates quantity and entry price after a split", () => {
    const fills = [
      fill(1, { quantity: 10, price: 400, positionAfter: 10 }),
      fill(3, { side: "SELL", quantity: 40, price: 110, realized: 400, positionAfter: 0, leg: "close" }),
    ];
    const { closed } = roundTrips(fills, [flow(2, { type: "split", ratio: 4 })], none);
    expect(closed[0]).toMatchObject({ quantity: 40, entryPrice: 100, exitPrice: 110, entryNotional: 4000, pnl: 400, returnPct: 10 });
  });

  it("measures an inverse contract in its base currency", () => {
    const inverse = { kind: "inverse", multiplier: 10 } as const;
    const fills = [
      fill(1, { ...inverse, quantity: 100, price: 20_000, positionAfter: 100 }),
      fill(2, { ...inverse, side: "SELL", quantity: 100, price: 25_000, realized: 0.01, positionAfter: 0 }),
    ];
    const { closed } = roundTrips(fills, [], none);
    expect(closed[0]!.entryNotional).toBeCloseTo(0.05, 12);
    expect(closed[0]!.returnPct).toBeCloseTo(20, 9);
  });

  it("leaves out a close whose entry is not known", () => {
    expect(roundTrips([fill(1, { side: "SELL", realized: 5, positionAfter: 0 })], [], none)).toEqual({ closed: [], open: [] });
  });

  it("does not hold what a candle did after a stop against the trade", () => {
    const ranges = [
      [99, 101],
      [95, 104],
      [60, 140],
      [1, 900],
    ] as const;
    const entry = fill(0, { time: 0, price: 100, positionAfter: 1 });
    const exit = { side: "SELL", price: 90, realized: -10, positionAfter: 0 } as const;
    const stopped = roundTrips([entry, fill(1, { ...exit, time: 180_000, leg: "stop" })], [], candles(ranges)).closed[0]!;
    expect(stopped.maePct).toBeCloseTo(-10, 9);
    expect(stopped.mfePct).toBeCloseTo(4, 9);
    const closed = roundTrips([entry, fill(1, { ...exit, time: 180_000, leg: "close" })], [], candles(ranges)).closed[0]!;
    expect(closed).toMatchObject({ bars: 3, maePct: -40 });
    expect(closed.mfePct).toBeCloseTo(40, 9);
  });

  it("turns excursions round for a short", () => {
    const fills = [
      fill(0, { time: 0, side: "SELL", price: 100, positionAfter: -1 }),
      fill(1, { time: 60_000, price: 100, positionAfter: 0, leg: "close" }),
    ];
    const trip = roundTrips(fills, [], candles([[90, 105]])).closed[0]!;
    expect(trip.maePct).toBeCloseTo(-5, 9);
    expect(trip.mfePct).toBeCloseTo(10, 9);
  });

  it("loses no profit, fee or quantity, whatever the fills", () => {
    const orders = fc.array(
      fc.record({ signed: fc.integer({ min: -5, max: 5 }).filter((n) => n !== 0), fee: fc.integer({ min: -3, max: 9 }) }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(orders, (list) => {
        let position = 0;
        const fills = list.map(({ signed, fee }, i) => {
          const closes = Math.sign(position) === -Math.sign(signed);
          position += signed;
          return fill(i, {
            side: signed > 0 ? "BUY" : "SELL",
            quantity: Math.abs(signed),
            fee,
            realized: closes ? (i % 7) - 3 : 0,
            positionAfter: position,
          });
        });
        fills.push(
          fill(list.length, { side: position > 0 ? "SELL" : "BUY", quantity: Math.abs(position), positionAfter: 0, leg: "close" }),
        );
        const { closed, open } = roundTrips(position === 0 ? fills.slice(0, -1) : fills, [], none);
        const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
        expect(open).toEqual([]);
        expect(sum(closed.map((trip) => trip.fees))).toBeCloseTo(sum(fills.map((one) => one.fee)), 6);
        expect(sum(closed.map((trip) => trip.pnl))).toBeCloseTo(sum(fills.map((one) => one.realized - one.fee)), 6);
        for (const trip of closed) expect(trip.quantity).toBeGreaterThan(0);
      }),
    );
  });
});

describe("trade statistics", () => {
  const results = (pnls: readonly number[]) =>
    tradeStats(
      roundTrips(
        pnls.flatMap((pnl, i) => [
          fill(2 * i, { positionAfter: 1 }),
          fill(2 * i + 1, { side: "SELL", price: 100 + pnl, realized: pnl, positionAfter: 0 }),
        ]),
        [],
        none,
      ).closed,
    );

  it("counts wins, losses, streaks and expectancy; a trade of zero is neither", () => {
    expect(results([10, -5, -5, 0, -5, 20])).toMatchObject({
      count: 6,
      wins: 2,
      losses: 3,
      winRatePct: (2 / 6) * 100,
      profitFactor: 2,
      expectancy: 2.5,
      averageWinPct: 15,
      averageLossPct: -5,
      bestPct: 20,
      worstPct: -5,
      longestLosingStreak: 2,
      longestWinningStreak: 1,
    });
  });

  it("has null, not infinity, where a figure is undefined", () => {
    expect(results([])).toMatchObject({ count: 0, winRatePct: null, profitFactor: null, expectancy: null, bestPct: null });
    expect(results([10, 5])).toMatchObject({ winRatePct: 100, profitFactor: null, averageLossPct: null });
  });
});

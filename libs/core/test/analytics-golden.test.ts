import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { analyse } from "../src/analytics/analysis.ts";
import { underwaterPct, drawdownStats } from "../src/analytics/drawdown.ts";
import type { EquityCurve } from "../src/analytics/curve.ts";
import type { FillRecord } from "../src/analytics/fills.ts";
import { allocateColumns, type CandleColumns } from "../src/domain/candle.ts";

const data = new URL("../../../../shared/data/", import.meta.url);
const available = existsSync(new URL("golden/", data));
if (!available) console.warn(`golden results not found at ${data.pathname}: the comparison with backtesting.py is left out`);
const DAY = 86_400_000;

function rows(path: string): string[][] {
  const lines = readFileSync(new URL(path, data), "utf8").trim().split("\n");
  return lines.slice(1).map((line) => line.split(","));
}

function readCurve(name: string): EquityCurve & { drawdown: number[] } {
  const all = rows(`golden/${name}.equity.csv`);
  return {
    time: Float64Array.from(all, (row) => Date.parse(row[0]!) + DAY),
    equity: Float64Array.from(all, (row) => Number(row[1])),
    exposure: new Float64Array(all.length),
    drawdown: all.map((row) => Number(row[2])),
  };
}

interface GoldenTrade {
  readonly size: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly pnl: number;
  readonly commission: number;
  readonly returnPct: number;
  readonly bars: number;
  readonly entry: number;
  readonly exit: number;
}

function readTrades(name: string): GoldenTrade[] {
  return rows(`golden/${name}.trades.csv`).map((row) => ({
    size: Number(row[0]),
    entryPrice: Number(row[3]),
    exitPrice: Number(row[4]),
    pnl: Number(row[7]),
    commission: Number(row[8]),
    returnPct: Number(row[9]) * 100,
    bars: Number(row[2]) - Number(row[1]),
    entry: Date.parse(row[10]!),
    exit: Date.parse(row[11]!),
  }));
}

function readGoog(): CandleColumns {
  const all = rows("candles/usa_GOOG_1d_2004-2013.csv");
  const columns = allocateColumns("GOOG", "1d", all.length);
  all.forEach((row, i) => {
    columns.openTime[i] = Number(row[0]);
    columns.closeTime[i] = Number(row[0]) + DAY;
    [columns.open[i], columns.high[i], columns.low[i], columns.close[i]] = row.slice(1, 5).map(Number) as [number, number, number, number];
  });
  return columns;
}

const base = { instrument: "GOOG", variant: "golden", liquidity: "taker", reason: "", multiplier: 1, kind: "spot" } as const;

/** The fills that make these trades: where one trade ends as the next begins, a single reversing fill. */
function fillsOf(trades: readonly GoldenTrade[]): FillRecord[] {
  const fills: FillRecord[] = [];
  const add = (time: number, signed: number, price: number, fee: number, realized: number, leg: "entry" | "close", after: number) =>
    fills.push({
      ...base,
      seq: fills.length,
      clientId: String(fills.length),
      time,
      side: signed > 0 ? "BUY" : "SELL",
      quantity: Math.abs(signed),
      price,
      fee,
      realized,
      leg,
      positionAfter: after,
    });
  trades.forEach((trade, i) => {
    const previous = trades[i - 1];
    if (previous?.exit !== trade.entry) add(trade.entry, trade.size, trade.entryPrice, trade.commission / 2, 0, "entry", trade.size);
    const next = trades[i + 1];
    const gross = trade.size * (trade.exitPrice - trade.entryPrice);
    if (next?.entry === trade.exit) add(trade.exit, next.size - trade.size, trade.exitPrice, 0, gross, "entry", next.size);
    else add(trade.exit, -trade.size, trade.exitPrice, trade.commission / 2, gross, "close", 0);
  });
  return fills;
}

describe.runIf(available)("golden results of backtesting.py", () => {
  it("reproduces every figure of the moving-average cross on GOOG", () => {
    const curve = readCurve("GOOG_smacross_10_30_test");
    const trades = readTrades("GOOG_smacross_10_30_test");
    const result = analyse({ curve, fills: fillsOf(trades), flows: [], candles: new Map([["GOOG", readGoog()]]), gaps: [] });
    expect(result.equity.end).toBeCloseTo(51_422.99, 6);
    expect(result.ratios.daysPerYear).toBe(252);
    expect(result.ratios.sharpe).toBeCloseTo(0.5806232244, 9);
    expect(result.ratios.sortino).toBeCloseTo(1.0853434352, 9);
    expect(result.drawdown.deepest!.depthPct).toBeCloseTo(-47.98012705, 7);
    expect(result.trades.count).toBe(66);
    expect(result.trades.winRatePct).toBeCloseTo(46.9697, 4);
    expect(result.trades.profitFactor).toBeCloseTo(2.167945974, 8);
    expect(result.ratios.calmar).toBeCloseTo(result.ratios.annualReturnPct! / 47.98012705, 8);
    expect(result.benchmarkPct).toBeCloseTo((806.19 / 100.34 - 1) * 100, 6);
  });

  it.each(["GOOG_smacross_10_30_test", "GOOG_long_10_30_c001_sl5_tp10"])("pairs the fills of %s into its trades", (name) => {
    const trades = readTrades(name);
    const curve = readCurve(name);
    const { closed, open } = analyse({
      curve,
      fills: fillsOf(trades),
      flows: [],
      candles: new Map([["GOOG", readGoog()]]),
      gaps: [],
    }).trips;
    expect(open).toEqual([]);
    expect(closed.length).toBe(trades.length);
    closed.forEach((trip, i) => {
      const trade = trades[i]!;
      expect(trip.direction).toBe(trade.size > 0 ? "long" : "short");
      expect(trip.quantity).toBeCloseTo(Math.abs(trade.size), 9);
      expect(trip.entryPrice).toBeCloseTo(trade.entryPrice, 9);
      expect(trip.exitPrice).toBeCloseTo(trade.exitPrice, 9);
      expect(trip.pnl).toBeCloseTo(trade.pnl, 6);
      expect(trip.returnPct).toBeCloseTo(trade.returnPct, 8);
      expect(trip.bars).toBe(trade.bars);
      expect(trip.maePct).toBeLessThanOrEqual(0);
      expect(trip.mfePct).toBeGreaterThanOrEqual(0);
    });
  });

  it.each(["GOOG_smacross_10_30_test", "GOOG_long_10_30_c001_sl5_tp10"])("has the drawdown of %s at every point", (name) => {
    const curve = readCurve(name);
    const under = underwaterPct(curve.equity);
    curve.drawdown.forEach((share, i) => expect(under[i]).toBeCloseTo(-share * 100, 9));
    expect(drawdownStats(curve).deepest!.depthPct).toBeCloseTo(-100 * curve.drawdown.reduce((a, b) => Math.max(a, b)), 9);
  });
});

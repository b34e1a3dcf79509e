import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { analyse } from "../src/analytics/analysis.ts";
import { buyAndHold } from "../src/analytics/benchmark.ts";
import { dailyEquity, daysPerYear, type EquityCurve } from "../src/analytics/curve.ts";
import { drawdowns, drawdownStats, underwaterPct } from "../src/analytics/drawdown.ts";
import { dataGaps } from "../src/analytics/gaps.ts";
import { monthlyReturns } from "../src/analytics/monthly.ts";
import { riskRatios } from "../src/analytics/ratios.ts";
import { equityStats } from "../src/analytics/returns.ts";
import { allocateColumns } from "../src/domain/candle.ts";
import type { Calendar } from "../src/market/calendar.ts";
import { DAY_MS } from "../src/market/civil.ts";

const START = Date.UTC(2024, 0, 1);

function curveOf(equity: readonly number[], stepMs = DAY_MS, start = START): EquityCurve {
  return {
    time: Float64Array.from(equity, (_, i) => start + (i + 1) * stepMs),
    equity: Float64Array.from(equity),
    exposure: new Float64Array(equity.length),
  };
}

describe("days", () => {
  it("gives a close at midnight to the day that ends there", () => {
    const daily = dailyEquity(curveOf([1, 2, 3, 4], DAY_MS / 2));
    expect([...daily.equity]).toEqual([2, 4]);
    expect([...daily.day]).toEqual([START, START + DAY_MS]);
  });

  it("counts 252 days a year where weekends are absent, else 365", () => {
    const days = Float64Array.from({ length: 70 }, (_, i) => START + i * DAY_MS);
    expect(daysPerYear(days)).toBe(365);
    expect(daysPerYear(days.filter((day) => new Date(day).getUTCDay() % 6 !== 0))).toBe(252);
  });
});

describe("ratios", () => {
  it("are null, not NaN, on flat, short, ruined and empty curves", () => {
    const undefinedRatios = { sharpe: null, sortino: null };
    expect(riskRatios(dailyEquity(curveOf([100, 100, 100])), 0)).toMatchObject({ ...undefinedRatios, calmar: null, volatilityPct: 0 });
    expect(riskRatios(dailyEquity(curveOf([100, 101])), 0)).toMatchObject(undefinedRatios);
    expect(riskRatios(dailyEquity(curveOf([100, 50, 0, -5])), -105)).toMatchObject({ ...undefinedRatios, annualReturnPct: null });
    expect(riskRatios(dailyEquity(curveOf([])), 0)).toMatchObject(undefinedRatios);
  });

  it("have no downside on a curve that only rises", () => {
    const rising = riskRatios(dailyEquity(curveOf([100, 101, 103, 104])), 0);
    expect(rising.sharpe).toBeGreaterThan(0);
    expect(rising).toMatchObject({ sortino: null, calmar: null });
  });

  it("keep every figure finite or null on any curve", () => {
    const cents = fc.integer({ min: -1e8, max: 1e11 });
    const equities = fc.array(cents, { maxLength: 40 }).map((all) => all.map((value) => value / 100));
    fc.assert(
      fc.property(equities, fc.integer({ min: 1, max: 400 }), (equity, hours) => {
        const {
          trips: _,
          benchmark: __,
          underwaterPct: ___,
          ...figures
        } = analyse({
          curve: curveOf(equity, hours * 3_600_000),
          fills: [],
          flows: [],
          candles: new Map(),
          gaps: [],
        });
        const numbers: unknown[] = [];
        JSON.stringify(figures, (_key, value: unknown) => {
          if (typeof value === "number") numbers.push(value);
          return value;
        });
        for (const value of numbers) expect(value).toSatisfy(Number.isFinite);
      }),
    );
  });
});

describe("returns", () => {
  it("compounds growth over calendar years", () => {
    const year = curveOf([100, 121], 365.25 * DAY_MS);
    expect(equityStats(year).cagrPct).toBeCloseTo(21, 9);
    expect(equityStats(curveOf([100, 110], 60_000)).cagrPct).toBeNull();
    expect(equityStats(curveOf([100, -1])).cagrPct).toBe(-100);
  });

  it("chains months to the year and years to the total", () => {
    const equity = Array.from({ length: 800 }, (_, i) => 1000 * 1.001 ** i * (1 + 0.05 * Math.sin(i)));
    const years = monthlyReturns(dailyEquity(curveOf(equity)), equity[0]!);
    expect(years.map((one) => one.year)).toEqual([2024, 2025, 2026]);
    let total = 1;
    for (const { monthsPct, totalPct } of years) {
      const chained = monthsPct.reduce<number>((product, month) => product * (1 + (month ?? 0) / 100), 1);
      expect((chained - 1) * 100).toBeCloseTo(totalPct!, 9);
      total *= chained;
    }
    expect(total * equity[0]!).toBeCloseTo(equity.at(-1)!, 6);
    expect(years[2]!.monthsPct.slice(3)).toEqual(Array.from({ length: 9 }, () => null));
  });

  it("counts what the first day earned", () => {
    const curve = { ...curveOf([100, 102]), time: Float64Array.of(Date.UTC(2024, 0, 10, 1), Date.UTC(2024, 0, 10, 23)) };
    const [year] = monthlyReturns(dailyEquity(curve), curve.equity[0]!);
    expect([year!.monthsPct[0], year!.totalPct]).toEqual([expect.closeTo(2, 9), expect.closeTo(2, 9)]);
  });

  it("skips a month without data instead of calling it zero", () => {
    const curve = {
      ...curveOf([100, 110, 121]),
      time: Float64Array.of(Date.UTC(2024, 0, 10), Date.UTC(2024, 0, 20), Date.UTC(2024, 2, 20)),
    };
    const months = monthlyReturns(dailyEquity(curve), curve.equity[0]!)[0]!.monthsPct;
    expect(months.slice(0, 3)).toEqual([expect.closeTo(10, 9), null, expect.closeTo(10, 9)]);
  });
});

describe("drawdown", () => {
  it("finds peak, trough and recovery, and the longest apart from the deepest", () => {
    const curve = curveOf([100, 50, 100, 110, 108, 107, 109, 108, 111, 105]);
    const all = drawdowns(curve);
    const at = (i: number) => curve.time[i]!;
    expect(all.length).toBe(3);
    expect(all[0]).toEqual({ depthPct: -50, peakTime: at(0), troughTime: at(1), recoveryTime: at(2), durationMs: 2 * DAY_MS });
    expect(all[2]).toMatchObject({ peakTime: at(8), troughTime: at(9), recoveryTime: null, durationMs: DAY_MS });
    const stats = drawdownStats(curve);
    expect(stats.deepest).toEqual(all[0]);
    expect(stats.longest).toMatchObject({ peakTime: at(3), troughTime: at(5), recoveryTime: at(8) });
    expect(stats.underwaterPct).toBe(60);
  });

  it("is never above zero, and zero exactly at each new high", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }), (equity) => {
        const under = underwaterPct(Float64Array.from(equity));
        equity.forEach((value, i) =>
          expect(Object.is(under[i], 0) || Object.is(under[i], -0)).toBe(value === Math.max(...equity.slice(0, i + 1))),
        );
        const deepest = drawdownStats(curveOf(equity)).deepest;
        expect(deepest?.depthPct ?? 0).toBe(Math.min(...under));
      }),
    );
  });
});

describe("benchmark and gaps", () => {
  const columns = (instrument: string, closes: readonly number[], skip: readonly number[] = []) => {
    const kept = closes.map((_, i) => i).filter((i) => !skip.includes(i));
    const result = allocateColumns(instrument, "1d", kept.length);
    kept.forEach((i, row) => {
      result.openTime[row] = START + i * DAY_MS;
      result.closeTime[row] = START + (i + 1) * DAY_MS;
      result.close[row] = closes[i]!;
    });
    return result;
  };

  it("splits the start evenly and holds from the first point of the curve, not from the warm-up", () => {
    const { time } = curveOf([1, 1, 1], DAY_MS, START + DAY_MS);
    const held = buyAndHold(time, 1000, [columns("A", [5, 10, 20, 20]), columns("B", [5, 10, 10, 5])]);
    expect([...held]).toEqual([1000, 1500, 1250]);
    expect([...buyAndHold(time, 1000, [])]).toEqual([1000, 1000, 1000]);
  });

  it("reports bars that the calendar has and the data lacks", () => {
    const counting = (countBars: Calendar["countBars"]) => ({ countBars }) as Calendar;
    const always = counting((_timeframe, from, to) => (to - from) / DAY_MS);
    const gaps = dataGaps(columns("A", [1, 2, 3, 4, 5, 6, 7], [2, 3, 5]), always);
    expect(gaps).toEqual({ instrument: "A", gaps: 2, bars: 3, firstAfter: START + 2 * DAY_MS });
    expect(dataGaps(columns("A", [1, 2, 3]), always)).toBeUndefined();
    const closedThen = counting(() => 0);
    expect(dataGaps(columns("A", [1, 2, 3, 4], [1, 2]), closedThen)).toBeUndefined();
  });
});

import { DAY_MS, weekday } from "../market/civil.ts";

/** Account value over a run, one point per candle close, oldest first; columns of equal length. */
export interface EquityCurve {
  /** Close times, ms. */
  readonly time: Float64Array;
  /** Account currency. */
  readonly equity: Float64Array;
  /** Gross notional / equity; 0 = flat, 1 = fully invested. */
  readonly exposure: Float64Array;
}

/** Start (ms) of the trading day that a close time belongs to. */
export type DayOf = (closeTime: number) => number;

/** Last equity of each trading day, oldest first. */
export interface DailyEquity {
  readonly day: Float64Array;
  readonly equity: Float64Array;
}

/** The UTC day of a close: one at midnight ends the day before it. For sessions pass `calendar.sessionStart(closeTime - 1)`. */
export function utcDay(closeTime: number): number {
  return Math.floor((closeTime - 1) / DAY_MS) * DAY_MS;
}

/** Resamples a curve to the last equity of each trading day; days without a point do not appear. */
export function dailyEquity(curve: EquityCurve, dayOf: DayOf = utcDay): DailyEquity {
  const days: number[] = [];
  const equity: number[] = [];
  for (let i = 0; i < curve.time.length; i++) {
    const day = dayOf(curve.time[i]!);
    if (days[days.length - 1] !== day) {
      days.push(day);
      equity.push(0);
    }
    equity[equity.length - 1] = curve.equity[i]!;
  }
  return { day: Float64Array.from(days), equity: Float64Array.from(equity) };
}

/** Simple returns from one day to the next; one fewer than days. */
export function dailyReturns(daily: DailyEquity): Float64Array {
  const returns = new Float64Array(Math.max(0, daily.equity.length - 1));
  for (let i = 0; i < returns.length; i++) returns[i] = daily.equity[i + 1]! / daily.equity[i]! - 1;
  return returns;
}

/**
 * Trading days per year for annualising, read off the data: 365 where weekends are traded, else 252.
 * A run on a share through a 24/7 venue so still counts 252. Source: backtesting.py `compute_stats`
 * (weekend share of the index above 0.6 x 2/7).
 */
export function daysPerYear(days: Float64Array): 252 | 365 {
  let weekend = 0;
  for (const day of days) if (weekday(Math.floor(day / DAY_MS)) % 6 === 0) weekend++;
  return weekend > (2 / 7) * 0.6 * days.length ? 365 : 252;
}

import { civilFromDays, DAY_MS } from "../market/civil.ts";
import type { DailyEquity } from "./curve.ts";
import { changePct } from "./number.ts";

/** Returns of one calendar year (UTC). */
export interface YearReturns {
  readonly year: number;
  /** January first; null for months without a day in the curve. */
  readonly monthsPct: readonly (number | null)[];
  readonly totalPct: number | null;
}

/**
 * Month by month returns: last equity of a month against that of the last month before it with data;
 * the first month starts from `start`, the equity at the first close.
 */
export function monthlyReturns(daily: DailyEquity, start: number): YearReturns[] {
  const years: YearReturns[] = [];
  let monthBase = start;
  let yearBase = monthBase;
  let months: (number | null)[] = [];
  for (let i = 0; i < daily.day.length; i++) {
    const { year, month } = monthOf(daily.day[i]!);
    const next = i + 1 < daily.day.length ? monthOf(daily.day[i + 1]!) : undefined;
    if (next?.year === year && next.month === month) continue;
    const end = daily.equity[i]!;
    if (months.length === 0) months = Array.from({ length: 12 }, () => null);
    months[month - 1] = changePct(monthBase, end);
    monthBase = end;
    if (next?.year === year) continue;
    years.push({ year, monthsPct: months, totalPct: changePct(yearBase, end) });
    yearBase = end;
    months = [];
  }
  return years;
}

function monthOf(time: number): { readonly year: number; readonly month: number } {
  return civilFromDays(Math.floor(time / DAY_MS));
}

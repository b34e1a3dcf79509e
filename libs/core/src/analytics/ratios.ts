import { dailyReturns, daysPerYear, type DailyEquity } from "./curve.ts";
import { finiteOrNull, mean, ratio } from "./number.ts";

/** Annualised return and risk. Each is null where it is undefined (fewer than two days, no variance, account lost). */
export interface RiskRatios {
  /** Trading days with data that the rest is made of. */
  readonly days: number;
  readonly daysPerYear: number;
  readonly annualReturnPct: number | null;
  readonly volatilityPct: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly calmar: number | null;
}

/**
 * Sharpe, Sortino and Calmar of daily equity, at a risk-free rate of zero.
 *
 * Source: backtesting.py `compute_stats`, after https://dx.doi.org/10.2139/ssrn.3054517 (compounded returns).
 * With r the n daily returns, T days per year, g = prod(1 + r)^(1 / n) - 1:
 * annual return A = (1 + g)^T - 1; volatility = sqrt((var(r) + (1 + g)^2)^T - (1 + g)^(2T)), var with n - 1;
 * Sharpe = A / volatility; Sortino = A / (sqrt(mean(min(r, 0)^2)) sqrt(T)); Calmar = A / |deepest drawdown|.
 */
export function riskRatios(daily: DailyEquity, deepestDrawdownPct: number, perYear: number = daysPerYear(daily.day)): RiskRatios {
  const returns = dailyReturns(daily);
  const growth = geometricMean(returns);
  if (returns.length < 2 || growth === null)
    return {
      days: daily.day.length,
      daysPerYear: perYear,
      annualReturnPct: null,
      volatilityPct: null,
      sharpe: null,
      sortino: null,
      calmar: null,
    };
  const annual = (1 + growth) ** perYear - 1;
  // (var + q)^T - q^T with q = (1 + g)^2, written so that a small variance does not cancel.
  const volatility = (1 + growth) ** perYear * Math.sqrt(Math.expm1(perYear * Math.log1p(variance(returns) / (1 + growth) ** 2)));
  const downside = Math.sqrt(mean(returns.map((r) => Math.min(r, 0) ** 2))!) * Math.sqrt(perYear);
  return {
    days: daily.day.length,
    daysPerYear: perYear,
    annualReturnPct: finiteOrNull(annual * 100),
    volatilityPct: finiteOrNull(volatility * 100),
    sharpe: ratio(annual, volatility),
    sortino: ratio(annual, downside),
    calmar: ratio(annual * 100, Math.abs(deepestDrawdownPct)),
  };
}

/** Null when there are no returns, or one loses everything. */
function geometricMean(returns: Float64Array): number | null {
  let total = 0;
  for (const r of returns) {
    if (!(1 + r > 0)) return null;
    total += Math.log1p(r);
  }
  return returns.length === 0 ? null : Math.expm1(total / returns.length);
}

/** Sample variance (n - 1) of at least two values. */
function variance(values: Float64Array): number {
  const centre = mean(values)!;
  let total = 0;
  for (const value of values) total += (value - centre) ** 2;
  return total / (values.length - 1);
}

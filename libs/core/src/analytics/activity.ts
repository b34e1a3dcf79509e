import { DAY_MS } from "../market/civil.ts";
import type { EquityCurve } from "./curve.ts";
import { fillNotional, type FillRecord } from "./fills.ts";
import { mean, ratio } from "./number.ts";

/** How much the account was in the market and how much it traded. */
export interface Activity {
  /** Share of closes with a position. */
  readonly timeInMarketPct: number;
  /** Mean and highest gross notional / equity, in percent. */
  readonly averageExposurePct: number;
  readonly peakExposurePct: number;
  readonly fills: number;
  /** Sum of the fills' notional, settle currency. */
  readonly tradedNotional: number;
  /** Traded notional / mean equity. */
  readonly turnover: number | null;
  /** The same per 365.25 days; null below one day. */
  readonly turnoverPerYear: number | null;
}

export function activity(curve: EquityCurve, fills: readonly FillRecord[]): Activity {
  const { time, exposure } = curve;
  let held = 0;
  let peak = 0;
  for (const value of exposure) {
    if (value > 0) held++;
    if (value > peak) peak = value;
  }
  const tradedNotional = fills.reduce((sum, fill) => sum + fillNotional(fill, fill.quantity, fill.price), 0);
  const turnover = ratio(tradedNotional, mean(curve.equity) ?? 0);
  const span = time.length > 0 ? time[time.length - 1]! - time[0]! : 0;
  return {
    timeInMarketPct: (ratio(held, exposure.length) ?? 0) * 100,
    averageExposurePct: (mean(exposure) ?? 0) * 100,
    peakExposurePct: peak * 100,
    fills: fills.length,
    tradedNotional,
    turnover,
    turnoverPerYear: turnover === null || span < DAY_MS ? null : (turnover * 365.25 * DAY_MS) / span,
  };
}

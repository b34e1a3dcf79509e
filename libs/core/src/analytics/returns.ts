import { DAY_MS } from "../market/civil.ts";
import type { EquityCurve } from "./curve.ts";
import { changePct, finiteOrNull } from "./number.ts";

/** Where the account began, ended and turned. Amounts in the account currency. */
export interface EquityStats {
  readonly start: number;
  readonly end: number;
  readonly peak: number;
  readonly low: number;
  readonly netProfit: number;
  readonly returnPct: number | null;
  /** Compound annual growth rate over calendar time (365.25 days). */
  readonly cagrPct: number | null;
  readonly durationMs: number;
}

/**
 * Start, end and growth of a curve; all zero and null for an empty one.
 * CAGR = (end / start)^(1 / years) - 1; null below one day, -100 when the account is lost.
 */
export function equityStats(curve: EquityCurve): EquityStats {
  const { time, equity } = curve;
  const last = equity.length - 1;
  if (last < 0) return { start: 0, end: 0, peak: 0, low: 0, netProfit: 0, returnPct: null, cagrPct: null, durationMs: 0 };
  const start = equity[0]!;
  const end = equity[last]!;
  const durationMs = time[last]! - time[0]!;
  let peak = start;
  let low = start;
  for (const value of equity) {
    if (value > peak) peak = value;
    if (value < low) low = value;
  }
  return {
    start,
    end,
    peak,
    low,
    netProfit: end - start,
    returnPct: changePct(start, end),
    cagrPct: cagr(start, end, durationMs),
    durationMs,
  };
}

function cagr(start: number, end: number, durationMs: number): number | null {
  if (start <= 0 || durationMs < DAY_MS) return null;
  if (end <= 0) return -100;
  return finiteOrNull(((end / start) ** ((365.25 * DAY_MS) / durationMs) - 1) * 100);
}

import type { EquityCurve } from "./curve.ts";

/** One fall from a peak. Times are ms. */
export interface Drawdown {
  /** Deepest point, percent of the peak, < 0. */
  readonly depthPct: number;
  readonly peakTime: number;
  readonly troughTime: number;
  /** First close at or above the peak again; null when the run ended before. */
  readonly recoveryTime: number | null;
  /** Peak to recovery, or to the end of the run. */
  readonly durationMs: number;
}

export interface DrawdownStats {
  readonly deepest: Drawdown | null;
  readonly longest: Drawdown | null;
  /** Mean depth over all drawdowns; null when there were none. */
  readonly averagePct: number | null;
  /** Share of closes below an earlier peak. */
  readonly underwaterPct: number;
}

/** Percent below the running peak at each point: equity / max(equity so far) - 1, <= 0. */
export function underwaterPct(equity: Float64Array): Float64Array {
  const result = new Float64Array(equity.length);
  let peak = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < equity.length; i++) {
    const value = equity[i]!;
    if (value > peak) peak = value;
    result[i] = peak > 0 ? (value / peak - 1) * 100 : 0;
  }
  return result;
}

/** Every drawdown of a curve, oldest first. */
export function drawdowns(curve: EquityCurve): Drawdown[] {
  const under = underwaterPct(curve.equity);
  const { time } = curve;
  const found: Drawdown[] = [];
  let peak = 0;
  let trough = -1;
  const end = (recovery: number | null, until: number) => {
    if (trough < 0) return;
    const recoveryTime = recovery === null ? null : time[recovery]!;
    const durationMs = time[until]! - time[peak]!;
    found.push({ depthPct: under[trough]!, peakTime: time[peak]!, troughTime: time[trough]!, recoveryTime, durationMs });
    trough = -1;
  };
  for (let i = 0; i < under.length; i++) {
    if (under[i]! < 0) {
      if (trough < 0 || under[i]! < under[trough]!) trough = i;
      continue;
    }
    end(i, i);
    peak = i;
  }
  end(null, under.length - 1);
  return found;
}

/** Deepest, longest and mean drawdown. */
export function drawdownStats(curve: EquityCurve): DrawdownStats {
  const all = drawdowns(curve);
  let deepest: Drawdown | null = null;
  let longest: Drawdown | null = null;
  let total = 0;
  for (const one of all) {
    if (!deepest || one.depthPct < deepest.depthPct) deepest = one;
    if (!longest || one.durationMs > longest.durationMs) longest = one;
    total += one.depthPct;
  }
  const under = underwaterPct(curve.equity).reduce((count, value) => count + (value < 0 ? 1 : 0), 0);
  return {
    deepest,
    longest,
    averagePct: all.length > 0 ? total / all.length : null,
    underwaterPct: curve.equity.length > 0 ? (under / curve.equity.length) * 100 : 0,
  };
}

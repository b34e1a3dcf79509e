import type { Protection } from "./protection.ts";

/** Locks the variant when the window's trades lost more than `limitPct` of equity, peak to trough. */
export const maxDrawdownLock: Protection = {
  kind: "max_drawdown",
  doc: "a fall of limit_pct of equity over the window's trades (at least count) locks every instrument",
  judge: ({ plan, trades, equity }) => {
    if (trades.length < plan.count) return undefined;
    let sum = 0;
    let peak = 0;
    let worst = 0;
    for (const trade of trades) {
      sum += trade.pnl;
      peak = Math.max(peak, sum);
      worst = Math.max(worst, peak - sum);
    }
    const base = equity - sum + peak;
    const pct = base > 0 ? (100 * worst) / base : 100;
    return pct >= plan.limitPct ? { instrument: "*", reason: `drawdown of ${pct.toFixed(2)} % in the window` } : undefined;
  },
};

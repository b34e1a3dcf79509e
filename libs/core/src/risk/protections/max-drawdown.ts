import type { Protection } from "./protection.ts";

/** Locks the variant when the window's trades lost more than `limitPct` of equity, peak to trough. */
export const maxDrawdownLock: Protection = {
  kind: "max_drawdown",
  doc: "a fall of limit_pct of equity over the window's trades (at least count) locks every instrument",
  needsLimit: true,
  judge: ({ plan, trades, equity }) => {
    if (trades.length < plan.count) return undefined;
    let level = equity - trades.reduce((sum, trade) => sum + trade.pnl, 0);
    let peak = level;
    let pct = 0;
    for (const trade of trades) {
      level += trade.pnl;
      peak = Math.max(peak, level);
      pct = Math.max(pct, peak > 0 ? (100 * (peak - level)) / peak : 100);
    }
    return pct >= plan.limitPct ? { instrument: "*", reason: `drawdown of ${pct.toFixed(2)} % in the window` } : undefined;
  },
};

import type { Protection } from "./protection.ts";

/** Locks an instrument whose trades of the window earned less than `limitPct` of equity. */
export const lowProfit: Protection = {
  kind: "low_profit",
  doc: "an instrument whose trades of the window (at least count) earned under limit_pct of equity is locked",
  needsLimit: false,
  judge: ({ plan, trades, equity }) => {
    const last = trades.at(-1);
    if (!last) return undefined;
    const own = trades.filter((trade) => trade.instrument === last.instrument);
    if (own.length < plan.count) return undefined;
    const profit = own.reduce((sum, trade) => sum + trade.pnl, 0);
    const pct = equity > 0 ? (100 * profit) / equity : -100;
    return pct < plan.limitPct ? { instrument: last.instrument, reason: `earned ${pct.toFixed(2)} % in the window` } : undefined;
  },
};

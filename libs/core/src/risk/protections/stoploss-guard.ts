import type { Protection } from "./protection.ts";

/** Locks the variant when too many trades of the window ended at their stop or in liquidation. */
export const stoplossGuard: Protection = {
  kind: "stoploss_guard",
  doc: "count stop-outs within lookback_minutes lock every instrument",
  judge: ({ plan, trades }) => {
    const stopped = trades.filter((trade) => (trade.leg === "stop" || trade.leg === "liquidation") && trade.pnl < 0).length;
    return stopped >= plan.count ? { instrument: "*", reason: `${stopped} stop-outs in the window` } : undefined;
  },
};

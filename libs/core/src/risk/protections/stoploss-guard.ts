import type { ClosedTrade } from "../../trade/account.ts";
import type { Protection } from "./protection.ts";

const isStopOut = (trade: ClosedTrade): boolean => (trade.leg === "stop" || trade.leg === "liquidation") && trade.pnl < 0;

/** Locks the variant when one stop-out or liquidation too many of the window has just happened; a win prolongs nothing. */
export const stoplossGuard: Protection = {
  kind: "stoploss_guard",
  doc: "count stop-outs within lookback_minutes lock every instrument",
  needsLimit: false,
  judge: ({ plan, trades }) => {
    const last = trades.at(-1);
    if (last === undefined || !isStopOut(last)) return undefined;
    const stopped = trades.filter(isStopOut).length;
    return stopped >= plan.count ? { instrument: "*", reason: `${stopped} stop-outs in the window` } : undefined;
  },
};

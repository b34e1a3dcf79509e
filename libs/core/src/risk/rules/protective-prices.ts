import type { EntryRule } from "../rule.ts";

/** A stop lies on the losing side of the reference price and a target on the winning side. */
export const protectivePrices: EntryRule = {
  name: "protective_prices",
  level: "order",
  gate: ({ decision, side }) => {
    const { close, stop, target } = decision;
    const sign = side === "BUY" ? 1 : -1;
    if (stop !== undefined && !(stop > 0 && (close - stop) * sign > 0))
      return { code: "BAD_STOP", detail: `stop ${stop} for a ${side} at ${close}` };
    if (target !== undefined && !(target > 0 && (target - close) * sign > 0))
      return { code: "BAD_TARGET", detail: `target ${target} for a ${side} at ${close}` };
    return undefined;
  },
};

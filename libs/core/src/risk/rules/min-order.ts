import { toNumber } from "../../domain/fixed.ts";
import type { EntryRule } from "../rule.ts";

/** The venue's least quantity and notional, checked before anything is sent. */
export const minOrder: EntryRule = {
  name: "min_order",
  level: "order",
  limit: ({ slot, quantity, notional }) => {
    const { minQty, minNotional, step } = slot.instrument;
    const least = Math.max(toNumber(minQty), toNumber(step));
    // Where the fee is taken from what is bought, the rest must still be enough to sell.
    const kept =
      slot.instrument.kind === "spot" && slot.instrument.feeIn === "received"
        ? quantity * (1 - toNumber(slot.instrument.takerFee))
        : quantity;
    if (!(kept >= least)) return { code: "BELOW_MIN_QUANTITY", detail: `${kept} is below ${least} ${slot.instrument.id}` };
    if (notional < toNumber(minNotional))
      return { code: "BELOW_MIN_NOTIONAL", detail: `${notional} is below ${toNumber(minNotional)} ${slot.instrument.settle}` };
    return undefined;
  },
};

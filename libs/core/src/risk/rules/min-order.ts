import { toNumber } from "../../domain/fixed.ts";
import type { EntryRule } from "../rule.ts";

/** The venue's least quantity and notional, checked before anything is sent. */
export const minOrder: EntryRule = {
  name: "min_order",
  level: "order",
  limit: ({ slot, quantity, notional }) => {
    const { minQty, minNotional, step } = slot.instrument;
    const least = Math.max(toNumber(minQty), toNumber(step));
    if (!(quantity >= least)) return { code: "BELOW_MIN_QUANTITY", detail: `${quantity} is below ${least} ${slot.instrument.id}` };
    if (notional < toNumber(minNotional)) return { code: "BELOW_MIN_NOTIONAL", detail: `${notional} is below ${toNumber(minNotional)} ${slot.instrument.settle}` };
    return undefined;
  },
};

import { hasUnknownOrder } from "../exposure.ts";
import type { EntryRule } from "../rule.ts";

/** No new risk on an instrument while the fate of an order on it is unknown. */
export const unknownOrder: EntryRule = {
  name: "unknown_order",
  level: "account",
  gate: ({ desk, slot }) =>
    hasUnknownOrder(desk.state, slot.instrument.id)
      ? { code: "ORDER_UNKNOWN", detail: `an order on ${slot.instrument.id} is not yet accounted for` }
      : undefined,
};

import { slotExposure, variantExposure } from "../exposure.ts";
import type { EntryRule } from "../rule.ts";

/** Float noise of a size that was capped to exactly the limit. */
const TOLERANCE = 1e-9;

/** `max_position_size` on the instrument and `max_total_exposure` on the variant, worst case of open orders included. */
export const maxExposure: EntryRule = {
  name: "max_exposure",
  level: "variant",
  gate: ({ variant, slot }) => {
    const { maxPositionSize, maxTotalExposure } = variant.plan.risk;
    const position = slotExposure(slot);
    if (maxPositionSize !== null && position >= maxPositionSize)
      return { code: "MAX_POSITION_SIZE", detail: `${position} of ${maxPositionSize} is taken` };
    const total = variantExposure(variant);
    if (maxTotalExposure !== null && total >= maxTotalExposure)
      return { code: "MAX_TOTAL_EXPOSURE", detail: `${total} of ${maxTotalExposure} is taken` };
    return undefined;
  },
  limit: ({ variant, slot, notional }) => {
    const { maxPositionSize, maxTotalExposure } = variant.plan.risk;
    const position = slotExposure(slot) + notional;
    if (maxPositionSize !== null && position > maxPositionSize * (1 + TOLERANCE))
      return { code: "MAX_POSITION_SIZE", detail: `${position} would be over ${maxPositionSize}` };
    const total = variantExposure(variant) + notional;
    if (maxTotalExposure !== null && total > maxTotalExposure * (1 + TOLERANCE))
      return { code: "MAX_TOTAL_EXPOSURE", detail: `${total} would be over ${maxTotalExposure}` };
    return undefined;
  },
};

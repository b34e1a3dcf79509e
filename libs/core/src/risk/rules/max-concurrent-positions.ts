import { concurrentPositions } from "../exposure.ts";
import type { EntryRule } from "../rule.ts";

/** No entry beyond `max_concurrent_positions`, counting those on their way. */
export const maxConcurrentPositions: EntryRule = {
  name: "max_concurrent_positions",
  level: "variant",
  gate: ({ variant }) => {
    const limit = variant.plan.risk.maxConcurrentPositions;
    if (limit === null) return undefined;
    const count = concurrentPositions(variant);
    return count < limit ? undefined : { code: "MAX_CONCURRENT_POSITIONS", detail: `${count} of ${limit} are taken` };
  },
};

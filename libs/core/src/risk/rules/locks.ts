import type { EntryRule } from "../rule.ts";

/** No entry under a protection's timed lock. */
export const locks: EntryRule = {
  name: "locks",
  level: "variant",
  gate: ({ desk, slot, variant }) => {
    for (const lock of desk.state.locks) {
      if (lock.variant !== variant.plan.id || lock.until <= desk.time) continue;
      if (lock.instrument !== "*" && lock.instrument !== slot.instrument.id) continue;
      return { code: "LOCKED", detail: `until ${lock.until}: ${lock.reason}` };
    }
    return undefined;
  },
};

import type { Protection } from "./protection.ts";

/** Locks an instrument for a while after each trade on it. */
export const cooldown: Protection = {
  kind: "cooldown",
  doc: "after every closed trade the instrument rests for lock_minutes",
  needsLimit: false,
  judge: ({ trades }) => {
    const last = trades.at(-1);
    return last && { instrument: last.instrument, reason: "cooldown after a trade" };
  },
};

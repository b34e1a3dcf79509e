import type { PayloadOf } from "@tradewind/contracts";
import type { DecisionView } from "../views.ts";

/** The latest decisions of every variant; a HOLD that goes on for the same reason is one row. */
export interface Decisions {
  add(decision: PayloadOf<"decision">): DecisionView;
  /** Newest first. */
  latest(variant: string | undefined, limit: number): DecisionView[];
}

const ROWS_PER_VARIANT = 200;

export function createDecisions(): Decisions {
  const rows = new Map<string, DecisionView[]>();
  const newest = new Map<string, DecisionView>();

  function fold(before: DecisionView | undefined, decision: PayloadOf<"decision">): DecisionView {
    const { variant, instrument, closeTime, action, close, score, reason, entryAllowed, votes } = decision;
    const goesOn = before?.action === "HOLD" && action === "HOLD" && before.reason === reason;
    const since = goesOn ? before.since : closeTime;
    const key = `${variant}/${instrument}/${since}`;
    const count = goesOn ? before.count + 1 : 1;
    return { key, variant, instrument, closeTime, since, count, action, close, score, reason, entryAllowed, votes };
  }

  return {
    add(decision) {
      const slot = `${decision.variant}/${decision.instrument}`;
      const before = newest.get(slot);
      if (before !== undefined && decision.closeTime <= before.closeTime) return before;
      const row = fold(before, decision);
      const list = rows.get(decision.variant) ?? [];
      rows.set(decision.variant, list);
      newest.set(slot, row);
      const at = row.count > 1 ? list.findLastIndex(({ key }) => key === row.key) : -1;
      if (at >= 0) list.splice(at, 1);
      list.push(row);
      if (list.length > ROWS_PER_VARIANT) list.shift();
      return row;
    },
    latest(variant, limit) {
      const list = variant === undefined ? [...rows.values()].flat() : [...(rows.get(variant) ?? [])];
      return list.sort((a, b) => b.closeTime - a.closeTime).slice(0, limit);
    },
  };
}

import { locks } from "./rules/locks.ts";
import { maxConcurrentPositions } from "./rules/max-concurrent-positions.ts";
import { maxExposure } from "./rules/max-exposure.ts";
import { minOrder } from "./rules/min-order.ts";
import { protectivePrices } from "./rules/protective-prices.ts";
import { tradingState } from "./rules/trading-state.ts";
import { unknownOrder } from "./rules/unknown-order.ts";
import type { Denial, EntryRequest, EntryRule, SizedEntry } from "./rule.ts";

/** Every entry rule, in the order they are asked; the first denial is the one recorded. */
export const entryRules: readonly EntryRule[] = [
  tradingState,
  unknownOrder,
  locks,
  maxConcurrentPositions,
  protectivePrices,
  minOrder,
  maxExposure,
];

/** First denial before sizing. */
export function gateEntry(request: EntryRequest): Denial | undefined {
  for (const rule of entryRules) {
    const denial = rule.gate?.(request);
    if (denial) return denial;
  }
  return undefined;
}

/** First denial of a sized entry. */
export function limitEntry(entry: SizedEntry): Denial | undefined {
  for (const rule of entryRules) {
    const denial = rule.limit?.(entry);
    if (denial) return denial;
  }
  return undefined;
}

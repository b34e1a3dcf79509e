/** What candles, decisions and timers leave in an account is not in its ledger; everything else is. */
const outsideLedger = new Set([
  "watermark",
  "checkAt",
  "differs",
  "touched",
  "lastClose",
  "markValue",
  "best",
  "heldCloses",
  "stop",
  "closing",
  "reversal",
  "suspect",
  "lastDecisionTime",
  "equity",
  "peak",
  "day",
  "dayEquity",
  "negativeLookups",
  "nextLookupAt",
]);

/** The first difference between the plain data of two accounts, marks and statistics aside; undefined when there is none. */
export function foldedDifference(live: unknown, folded: unknown, path = "account"): string | undefined {
  if (typeof live !== "object" || live === null || typeof folded !== "object" || folded === null)
    return Object.is(live, folded) ? undefined : `${path} is ${String(live)}, folded ${String(folded)}`;
  const keys = new Set([...Object.keys(live), ...Object.keys(folded)]);
  for (const key of keys) {
    if (outsideLedger.has(key)) continue;
    const difference = foldedDifference((live as Record<string, unknown>)[key], (folded as Record<string, unknown>)[key], `${path}.${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

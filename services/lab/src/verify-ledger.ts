import { createHash } from "node:crypto";
import { assertBalanced, formatExact, formatFixed, ledgerLines, ONE, type Exact, type LedgerEntry, type Qty } from "@tradewind/core";

/** What a ledger's own arithmetic says. `problems` is empty for a sound one. */
export interface LedgerCheck {
  readonly entries: number;
  readonly events: number;
  readonly fills: number;
  readonly ledger_hash: string;
  /** Cash by currency and positions by instrument at the end, as decimal strings. */
  readonly cash: Readonly<Record<string, string>>;
  readonly positions: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

/** More would not be read. */
const PROBLEMS_MAX = 20;

/**
 * Reads a ledger from its first entry: numbering without gaps, time that never runs back, owners that only change
 * forwards, postings that balance in every event, fills that add up to the positions they state.
 */
export function verifyLedger(entries: Iterable<LedgerEntry>, expectedHash?: string): LedgerCheck {
  const hash = createHash("sha256");
  const cash = new Map<string, bigint>();
  const held = new Map<string, bigint>();
  const problems: string[] = [];
  const problem = (text: string) => void (problems.length < PROBLEMS_MAX && problems.push(text));
  let count = 0;
  let events = 0;
  let fills = 0;
  let time = -Infinity;
  let owner = 0;
  for (const entry of entries) {
    count += 1;
    hash.update(ledgerLines(entry));
    if (entry.n !== count) problem(`entry ${count} says it is ${entry.n}`);
    if (entry.time < time) problem(`entry ${entry.n} is of ${entry.time}, before the one it follows`);
    if (entry.ownerEpoch < owner) problem(`entry ${entry.n} is by owner ${entry.ownerEpoch}, after owner ${owner} had taken over`);
    time = entry.time;
    owner = entry.ownerEpoch;
    for (const event of entry.events) {
      events += 1;
      if (!("postings" in event)) continue;
      try {
        assertBalanced(event.postings);
      } catch (error) {
        problem(`entry ${entry.n}: ${error instanceof Error ? error.message : String(error)}`);
      }
      for (const posting of event.postings) if (posting.account === "cash") cash.set(posting.unit, (cash.get(posting.unit) ?? 0n) + posting.amount);
      if (event.type === "adopted") held.set(`${event.variant} ${event.instrument}`, event.quantity);
      if (event.type === "split") {
        const key = `${event.variant} ${event.instrument}`;
        for (const posting of event.postings) if (posting.account === "position") held.set(key, (held.get(key) ?? 0n) + posting.amount / ONE);
      }
      if (event.type !== "fill") continue;
      fills += 1;
      const key = `${event.variant} ${event.instrument}`;
      const inAsset = event.postings.some((posting) => posting.account === "fee" && event.postings.some((other) => other.account === "position" && other.unit === posting.unit));
      const after = (held.get(key) ?? 0n) + (event.side === "BUY" ? event.quantity : -event.quantity) - (inAsset ? event.fee : 0n);
      held.set(key, event.positionAfter);
      if (after !== event.positionAfter) problem(`entry ${entry.n}: fill ${event.tradeId} leaves ${formatFixed(event.positionAfter)} ${key}, its quantities make ${formatFixed(after as Qty)}`);
    }
  }
  const ledgerHash = hash.digest("hex");
  if (expectedHash !== undefined && expectedHash !== ledgerHash) problem(`ledger hash is ${ledgerHash}, the manifest says ${expectedHash}`);
  return {
    entries: count,
    events,
    fills,
    ledger_hash: ledgerHash,
    cash: Object.fromEntries([...cash].map(([unit, amount]) => [unit, formatExact(amount as Exact)])),
    positions: Object.fromEntries([...held].filter(([, qty]) => qty !== 0n).map(([key, qty]) => [key, formatFixed(qty as Qty)])),
    problems,
  };
}

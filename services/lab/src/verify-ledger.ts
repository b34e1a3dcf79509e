import { createHash } from "node:crypto";
import {
  assertBalanced,
  formatExact,
  formatFixed,
  isFailure,
  ledgerLines,
  ONE,
  type Exact,
  type LedgerEntry,
  type LedgerEvent,
  type Qty,
} from "@tradewind/core";
import { fillChecks } from "./verify-fill.ts";
import { readLedger, type RunManifest } from "./run-store.ts";

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

interface Books {
  readonly cash: Map<string, bigint>;
  readonly held: Map<string, bigint>;
  readonly checks: ReturnType<typeof fillChecks>;
  events: number;
  fills: number;
}

/** Checks a ledger file; with the manifest of its run, its hashes and length too. Throws `NO_LEDGER`. */
export function verifyLedgerFile(file: string, manifest?: RunManifest): LedgerCheck {
  let sha256 = "";
  const check = verifyLedger(readLedger(file, (value) => (sha256 = value)));
  if (manifest === undefined) return check;
  const problems = [...check.problems];
  const compare = (what: string, found: unknown, stated: unknown) =>
    found !== stated && problems.push(`${what} is ${String(found)}, the manifest says ${String(stated)}`);
  compare("the number of entries", check.entries, manifest.entries);
  compare("the ledger hash", check.ledger_hash, manifest.ledger_hash);
  compare("the SHA-256 of the file", sha256, manifest.file_sha256);
  return { ...check, problems };
}

/**
 * Reads a ledger from its first entry: numbering without gaps, candles that are worked forwards, owners that only change
 * forwards, postings that balance in every event, fills that post what they state and add up to the positions.
 */
export function verifyLedger(entries: Iterable<LedgerEntry>): LedgerCheck {
  const hash = createHash("sha256");
  const problems: string[] = [];
  const problem = (text: string) => void (problems.length < PROBLEMS_MAX && problems.push(text));
  const books: Books = { cash: new Map(), held: new Map(), checks: fillChecks(problem), events: 0, fills: 0 };
  let count = 0;
  let last: LedgerEntry | undefined;
  try {
    for (const entry of entries) {
      count += 1;
      checkOrder(entry, last, count, problem);
      last = entry;
      try {
        hash.update(ledgerLines(entry));
        for (const event of entry.events) book(event, books, (text) => problem(`entry ${entry.n}: ${text}`));
      } catch (error) {
        problem(`entry ${entry.n} makes no sense: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  } catch (error) {
    // A line that is no entry ends the reading.
    if (!isFailure(error) || error.code !== "BAD_LEDGER_LINE") throw error;
    problem(error.message);
  }
  books.checks.end();
  return {
    entries: count,
    events: books.events,
    fills: books.fills,
    ledger_hash: hash.digest("hex"),
    cash: Object.fromEntries([...books.cash].map(([unit, amount]) => [unit, formatExact(amount as Exact)])),
    positions: Object.fromEntries([...books.held].filter(([, qty]) => qty !== 0n).map(([key, qty]) => [key, formatFixed(qty as Qty)])),
    problems,
  };
}

type Problem = (text: string) => void;

function checkOrder(entry: LedgerEntry, last: LedgerEntry | undefined, count: number, problem: Problem): void {
  if (entry.n !== count) problem(`entry ${count} says it is ${entry.n}`);
  if (last === undefined) return;
  // A new owner works what it missed after it has said that it is there: times may run back to the last candle, no further.
  if (!(entry.time >= last.watermark)) problem(`entry ${entry.n} is of ${entry.time}, before a candle that the one before had worked`);
  if (!(entry.watermark >= last.watermark))
    problem(`entry ${entry.n} stands at candle ${entry.watermark}, the one before at ${last.watermark}`);
  if (!(entry.ownerEpoch >= last.ownerEpoch))
    problem(`entry ${entry.n} is by owner ${entry.ownerEpoch}, after owner ${last.ownerEpoch} had taken over`);
}

function book(event: LedgerEvent, books: Books, problem: Problem): void {
  books.events += 1;
  if (!("postings" in event)) return;
  try {
    assertBalanced(event.postings);
  } catch (error) {
    problem(error instanceof Error ? error.message : String(error));
  }
  const { cash, held } = books;
  for (const { account, unit, amount } of event.postings) if (account === "cash") cash.set(unit, (cash.get(unit) ?? 0n) + amount);
  if (!("variant" in event) || !("instrument" in event)) return;
  const key = `${event.variant} ${event.instrument}`;
  const before = held.get(key) ?? 0n;
  if (event.type === "adopted") {
    held.set(key, event.quantity);
    books.checks.adopted(key, event.cost);
  }
  if (event.type === "split")
    held.set(
      key,
      event.postings.reduce((sum, { account, amount }) => (account === "position" ? sum + amount / ONE : sum), before),
    );
  if (event.type !== "fill") return;
  books.fills += 1;
  const { side, quantity, fee, postings, positionAfter, tradeId } = event;
  books.checks.fill(event, key, before);
  const inAsset = postings.some(
    (posting) => posting.account === "fee" && postings.some((other) => other.account === "position" && other.unit === posting.unit),
  );
  const after = before + (side === "BUY" ? quantity : -quantity) - (inAsset ? fee : 0n);
  held.set(key, positionAfter);
  if (after !== positionAfter)
    problem(`fill ${tradeId} leaves ${formatFixed(positionAfter)} ${key}, its quantities make ${formatFixed(after as Qty)}`);
}

import { formatExact, formatFixed, parseExact, parseFixed, type Exact, type Money } from "../domain/fixed.ts";
import { inputFailure } from "../errors.ts";
import type { LedgerEntry } from "./entry.ts";

/** Amounts at 24 decimals; a posting's `amount` is one too. Every other bigint has 12. */
const exactFields = new Set(["realized", "cost", "costAfter"]);
const fixedFields = new Set([
  "quantity",
  "price",
  "fee",
  "amount",
  "limitPrice",
  "stopPrice",
  "budget",
  "protectStop",
  "protectTarget",
  "rate",
  "ratio",
  "cashInLieu",
  "positionAfter",
]);

function isExact(holder: object, key: string): boolean {
  return exactFields.has(key) || (key === "amount" && "unit" in holder);
}

/** One ledger entry as a line of JSON, money as decimal strings. */
export function encodeEntry(entry: LedgerEntry): string {
  return JSON.stringify(entry, function (this: object, key: string, value: unknown) {
    if (typeof value !== "bigint") return value;
    return isExact(this, key) ? formatExact(value as Exact) : formatFixed(value as Money);
  });
}

/** The entry of one line of JSON. Throws `BAD_LEDGER_LINE`; `where` names the line in the message. */
export function decodeEntry(line: string, where: string): LedgerEntry {
  let entry: unknown;
  try {
    entry = JSON.parse(line, function (this: object, key: string, value: unknown) {
      if (typeof value !== "string") return value;
      if (isExact(this, key)) return parseExact(value, key);
      return fixedFields.has(key) ? parseFixed(value, key) : value;
    });
  } catch (error) {
    throw inputFailure(
      "BAD_LEDGER_LINE",
      `${where}: not a ledger entry (${error instanceof Error ? error.message : String(error)}); export the ledger again`,
    );
  }
  if (typeof entry !== "object" || entry === null || !("n" in entry) || !Array.isArray((entry as LedgerEntry).events))
    throw inputFailure("BAD_LEDGER_LINE", `${where}: not a ledger entry; export the ledger again`);
  return entry as LedgerEntry;
}

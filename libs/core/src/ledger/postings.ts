import { invariant } from "../assert.ts";
import { toExact, toMoney, type Exact, type Money, type Qty } from "../domain/fixed.ts";
import { positionUnit, type Instrument } from "../domain/instrument.ts";
import type { Execution } from "../domain/order.ts";
import type { LedgerAccount, Posting } from "./entry.ts";
import { tradeValue } from "./position.ts";

/**
 * Double entry. Cash moves in whole 1e-12 units, as venues pay; the market's side (`trade`) is exact;
 * the difference, and nothing else, goes to `residue`.
 */
export function fillPostings(instrument: Instrument, fill: Execution, realized: Exact): Posting[] {
  const out: Posting[] = [];
  const sign = fill.side === "BUY" ? 1n : -1n;
  const held = (sign * toExact(fill.quantity)) as Exact;
  const unit = positionUnit(instrument);
  transferPosting(out, "position", "trade", unit, held);
  const gain = instrument.kind === "spot" ? ((-sign * tradeValue(instrument, fill.quantity, fill.price)) as Exact) : realized;
  cashPosting(out, instrument.settle, gain);
  if (fill.fee !== 0n) {
    const from = fill.feeCurrency === instrument.settle ? "cash" : feeSource(instrument, fill.feeCurrency);
    transferPosting(out, "fee", from, fill.feeCurrency, toExact(fill.fee));
  }
  return out;
}

/** A fee taken in the bought asset lessens the position; one in a third currency comes from its cash. */
function feeSource(instrument: Instrument, currency: string): LedgerAccount {
  return currency === positionUnit(instrument) ? "position" : "cash";
}

/** Cash in or out against another account: funding, transfer, dividend. */
export function cashFlowPostings(account: "funding" | "transfer" | "dividend" | "split", currency: string, amount: Money): Posting[] {
  const out: Posting[] = [];
  transferPosting(out, "cash", account, currency, toExact(amount));
  return out;
}

/** Units gained or lost by a split (or adoption), against `account`. */
export function positionPostings(instrument: Instrument, account: "split" | "transfer", change: Qty): Posting[] {
  const out: Posting[] = [];
  transferPosting(out, "position", account, positionUnit(instrument), toExact(change));
  return out;
}

function transferPosting(out: Posting[], to: LedgerAccount, from: LedgerAccount, unit: string, amount: Exact): void {
  if (amount === 0n) return;
  out.push({ account: to, unit, amount }, { account: from, unit, amount: -amount as Exact });
}

function cashPosting(out: Posting[], unit: string, gain: Exact): void {
  if (gain === 0n) return;
  const paid = toExact(toMoney(gain, "halfEven"));
  if (paid !== 0n) out.push({ account: "cash", unit, amount: paid });
  out.push({ account: "trade", unit, amount: -gain as Exact });
  if (gain !== paid) out.push({ account: "residue", unit, amount: (gain - paid) as Exact });
}

/** Asserts that postings sum to zero in each unit. */
export function assertBalanced(postings: readonly Posting[]): void {
  for (const posting of postings) {
    let sum = 0n;
    for (const other of postings) if (other.unit === posting.unit) sum += other.amount;
    if (sum !== 0n) throw invariant(`postings in ${posting.unit} sum to ${sum}, not to zero`);
  }
}

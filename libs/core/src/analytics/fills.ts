import { abs, exactToNumber, toNumber, type Qty } from "../domain/fixed.ts";
import type { Instrument, InstrumentKind } from "../domain/instrument.ts";
import type { Leg, Side } from "../domain/order.ts";
import { Failure, inputFailure } from "../errors.ts";
import type { FillEvent, LedgerEntry } from "../ledger/entry.ts";

/** A fill of the ledger in plain numbers. Amounts are in the settle currency. */
export interface FillRecord {
  /** Place in the ledger; orders fills and flows of one moment. */
  readonly seq: number;
  /** ms. */
  readonly time: number;
  readonly instrument: string;
  readonly variant: string;
  readonly side: Side;
  readonly quantity: number;
  readonly price: number;
  /** >= 0 is paid, < 0 is a rebate. */
  readonly fee: number;
  readonly liquidity: "maker" | "taker";
  /** Profit of the closing part, before the fee. */
  readonly realized: number;
  readonly leg: Leg | "liquidation";
  readonly reason: string;
  readonly clientId: string;
  /** Signed position after it; 0 where less than a step or the least order remains, which cannot be sold. */
  readonly positionAfter: number;
  /** Units per contract. */
  readonly multiplier: number;
  readonly kind: InstrumentKind;
}

/** Money that came or went while a position was held, and splits of it. */
export interface FlowRecord {
  readonly seq: number;
  readonly time: number;
  readonly instrument: string;
  readonly variant: string;
  readonly type: "funding" | "dividend" | "split";
  /** Received > 0, paid < 0, settle currency. For a split: cash in lieu of fractions. */
  readonly amount: number;
  /** New units per old one; 1 unless a split. */
  readonly ratio: number;
}

/** Rate of one unit of `currency` in `settle` at `time`, for fees paid in a third currency; undefined when unknown. */
export type FeeRate = (currency: string, settle: string, time: number) => number | undefined;

/**
 * The ledger's fills, oldest first. Fees in the base (or quote) currency convert at the fill price.
 * Throws `UNKNOWN_INSTRUMENT`, and `FEE_CURRENCY` for a fee in a third currency that `feeRate` does not know.
 */
export function fillRecords(
  entries: readonly LedgerEntry[],
  instruments: ReadonlyMap<string, Instrument>,
  feeRate?: FeeRate,
): FillRecord[] {
  const records: FillRecord[] = [];
  let seq = 0;
  for (const entry of entries) {
    for (const event of entry.events) {
      seq++;
      if (event.type !== "fill") continue;
      const instrument = instruments.get(event.instrument);
      if (!instrument)
        throw new Failure("bug", "UNKNOWN_INSTRUMENT", `fill of "${event.instrument}" in ledger entry ${entry.n}: pass its instrument`);
      records.push(fillRecord(seq, entry.time, event, instrument, feeRate));
    }
  }
  return records;
}

/** The ledger's funding payments, dividends and splits, oldest first. */
export function flowRecords(entries: readonly LedgerEntry[]): FlowRecord[] {
  const records: FlowRecord[] = [];
  let seq = 0;
  for (const { time, events } of entries) {
    for (const event of events) {
      seq++;
      if (event.type !== "funding" && event.type !== "dividend" && event.type !== "split") continue;
      const { type, variant, instrument } = event;
      const amount = toNumber(event.type === "split" ? event.cashInLieu : event.amount);
      records.push({ seq, time, instrument, variant, type, amount, ratio: event.type === "split" ? toNumber(event.ratio) : 1 });
    }
  }
  return records;
}

/** Value of `quantity` at `price` in the settle currency; for an inverse contract that is the base currency. */
export function fillNotional(record: Pick<FillRecord, "kind" | "multiplier">, quantity: number, price: number): number {
  const units = quantity * record.multiplier;
  return record.kind === "inverse" ? units / price : units * price;
}

function fillRecord(seq: number, time: number, event: FillEvent, instrument: Instrument, feeRate: FeeRate | undefined): FillRecord {
  const price = toNumber(event.price);
  const held = abs<Qty>(event.positionAfter);
  const dust = held < instrument.step || held < instrument.minQty;
  return {
    seq,
    time,
    instrument: event.instrument,
    variant: event.variant,
    side: event.side,
    quantity: toNumber(event.quantity),
    price,
    fee: toNumber(event.fee) * settleRate(event, time, price, instrument, feeRate),
    liquidity: event.liquidity,
    realized: exactToNumber(event.realized),
    leg: event.leg,
    reason: event.reason,
    clientId: event.clientId,
    positionAfter: dust ? 0 : toNumber(event.positionAfter),
    multiplier: toNumber(instrument.multiplier),
    kind: instrument.kind,
  };
}

function settleRate(event: FillEvent, time: number, price: number, instrument: Instrument, feeRate: FeeRate | undefined): number {
  const { feeCurrency } = event;
  if (feeCurrency === instrument.settle || event.fee === 0n) return 1;
  if (feeCurrency === instrument.base && instrument.settle === instrument.quote) return price;
  if (feeCurrency === instrument.quote && instrument.settle === instrument.base) return 1 / price;
  const rate = feeRate?.(feeCurrency, instrument.settle, time);
  if (rate !== undefined && Number.isFinite(rate)) return rate;
  throw inputFailure("FEE_CURRENCY", `fee of ${event.clientId} is in ${feeCurrency}: give its rate in ${instrument.settle}`);
}

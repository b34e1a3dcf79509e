import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import {
  decodeEntry,
  DOWN,
  exactToNumber,
  FLAT,
  inputFailure,
  markValue,
  notional,
  toNumber,
  UP,
  type CandleColumns,
  type Dataset,
  type FillEvent,
  type Instrument,
  type LedgerEntry,
} from "@tradewind/core";
import { followerOf } from "./follows.ts";
import type { Transition } from "./memory.ts";

/** Where experience is looked for: a run's own candles as rows, and the rows that may be learnt from. */
export interface ExperienceScope {
  readonly dataset: Dataset;
  readonly columns: CandleColumns;
  readonly instrument: Instrument;
  readonly train: Int32Array;
}

/** The ledger of paper runs: an exported one's file, or its entries. */
export type Experience = string | readonly LedgerEntry[];

/** What one variant held and earned, as of a moment. */
interface Holding {
  qty: number;
  cost: number;
  /** Profit taken less fees, with funding. */
  taken: number;
}

/**
 * What variants did and earned, step by step, from an account's ledger: on each training row of the ledger's time the
 * state is the row's matrix, the action the position after its close, the reward the change of the logarithm of what
 * was put in, by fills, fees, funding and marks. A reward counts as if all had been put in, as in the environment.
 * Nothing comes of a ledger of another time than the training rows. Throws `EXPERIENCE_ELSEWHERE` when it holds no fill
 * of this instrument.
 */
export function experienceOf(scope: ExperienceScope, entries: readonly LedgerEntry[]): Transition[] {
  const { instrument, dataset, train } = scope;
  const variants = new Set<string>();
  for (const { events } of entries)
    for (const event of events) if (event.type === "fill" && event.instrument === instrument.id) variants.add(event.variant);
  if (variants.size === 0)
    throw inputFailure("EXPERIENCE_ELSEWHERE", `the ledger holds no fill of ${instrument.symbol}; take that of a run that traded it`);
  const [first, last] = [entries[0]?.time ?? Infinity, entries.at(-1)?.watermark ?? -Infinity];
  const rows = train.filter((row) => dataset.closeTime[row]! >= first && dataset.closeTime[row]! <= last);
  const follows = followerOf(scope);
  return [...variants].flatMap((variant) => ofVariant(scope, entries, variant, rows, follows));
}

function ofVariant(
  { instrument, dataset, columns }: ExperienceScope,
  entries: readonly LedgerEntry[],
  variant: string,
  rows: Int32Array,
  follows: (row: number, next: number) => boolean,
): Transition[] {
  const multiplier = toNumber(instrument.multiplier);
  const held: Holding = { qty: 0, cost: 0, taken: 0 };
  const out: Transition[] = [];
  const events = eventsOf(entries, instrument, variant);
  let next = 0;
  const priceAt = closes(columns);
  const worth = (price: number): number => held.taken + unrealised(instrument, held, multiplier, price);

  for (let i = 0; i + 1 < rows.length; i++) {
    const [row, after] = [rows[i]!, rows[i + 1]!];
    const [from, to] = [dataset.closeTime[row]!, dataset.closeTime[after]!];
    for (; next < events.length && events[next]!.watermark < from; next++) fold(held, instrument, events[next]!);
    const price = priceAt(from);
    const before = worth(price);
    let put = notional(instrument, held.qty, multiplier, price);
    let position = held.qty;
    for (; next < events.length && events[next]!.watermark < to; next++) {
      const one = events[next]!;
      fold(held, instrument, one);
      // What a stop or target does later in the row is not what was decided on its close.
      if (one.watermark === from && one.fill !== undefined && (one.fill.leg === "entry" || one.fill.leg === "close")) position = held.qty;
      put = Math.max(put, notional(instrument, held.qty, multiplier, price));
    }
    const earned = worth(priceAt(to)) - before;
    const reward = put > 0 ? Math.log(Math.max(1 + earned / put, 1e-6)) : 0;
    const action = position > 0 ? UP : position < 0 ? DOWN : FLAT;
    if (follows(row, after)) out.push({ state: row, action, reward, next: after, done: false });
  }
  return out;
}

interface Happened {
  readonly watermark: number;
  readonly fill?: FillEvent;
  /** Funding received, or paid below 0. */
  readonly funding?: number;
}

function eventsOf(entries: readonly LedgerEntry[], { id }: Instrument, variant: string): Happened[] {
  return entries.flatMap(({ watermark, events }) =>
    events.flatMap((event): Happened[] => {
      if (!("instrument" in event) || event.instrument !== id || event.variant !== variant) return [];
      if (event.type === "fill") return [{ watermark, fill: event }];
      return event.type === "funding" ? [{ watermark, funding: toNumber(event.amount) }] : [];
    }),
  );
}

function fold(held: Holding, instrument: Instrument, { fill, funding = 0 }: Happened): void {
  held.taken += funding;
  if (fill === undefined) return;
  const fee = toNumber(fill.fee);
  held.qty = toNumber(fill.positionAfter);
  held.cost = exactToNumber(fill.costAfter);
  held.taken += exactToNumber(fill.realized) - (fill.feeCurrency === instrument.settle ? fee : fee * toNumber(fill.price));
}

/** Profit of what is held, not yet taken. */
function unrealised(instrument: Instrument, { qty, cost }: Holding, multiplier: number, price: number): number {
  const value = markValue(instrument, qty, cost, multiplier, price);
  return instrument.kind === "spot" ? value - cost : value;
}

/** The close at or before a time that only grows. */
function closes({ closeTime, close, length }: CandleColumns): (time: number) => number {
  let row = 0;
  return (time) => {
    while (row + 1 < length && closeTime[row + 1]! <= time) row++;
    return close[row]!;
  };
}

/** The entries of an exported ledger, one of JSON per line. Throws `EXPERIENCE_FILE` and `BAD_LEDGER_LINE`. */
export async function readLedgerFile(file: string): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  try {
    let line = 0;
    for await (const text of createInterface({ input: createReadStream(file) }))
      if (text.trim() !== "") entries.push(decodeEntry(text, `${file} line ${++line}`));
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("E"))
      throw inputFailure(
        "EXPERIENCE_FILE",
        `no ledger can be read at "${file}" (${error.code}); make one with: tradewind ledger export --json`,
      );
    throw error;
  }
  return entries;
}

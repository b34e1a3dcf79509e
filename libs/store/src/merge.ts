import { allocateColumns, sliceColumns, type CandleColumns } from "@tradewind/core";
import type { RevisedColumns } from "./parquet.ts";

/** The columns of candles. */
export const candleFields = ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const;

export interface Merged extends RevisedColumns {
  /** Rows of bars that were not there. */
  readonly added: number;
  /** Rows that took the place of others of the same bar. */
  readonly replaced: number;
}

/** Both in order of open time, one row per bar: of two the higher revision stays, of equal ones the incoming. */
export function mergeCandles(held: RevisedColumns | undefined, incoming: RevisedColumns): Merged {
  if (!held) return { ...incoming, added: incoming.columns.length, replaced: 0 };
  const size = held.columns.length + incoming.columns.length;
  const out = allocateColumns(incoming.columns.instrument, incoming.columns.timeframe, size);
  const revisions = new Int32Array(size);
  let rows = 0;
  let replaced = 0;
  const take = (from: RevisedColumns, i: number) => {
    copyRow(from.columns, i, out, rows);
    revisions[rows++] = from.revisions[i]!;
  };
  for (let i = 0, j = 0; i < held.columns.length || j < incoming.columns.length;) {
    const old = held.columns.openTime[i] ?? Number.POSITIVE_INFINITY;
    const fresh = incoming.columns.openTime[j] ?? Number.POSITIVE_INFINITY;
    if (old < fresh) take(held, i++);
    else if (fresh < old) take(incoming, j++);
    else {
      if (incoming.revisions[j]! >= held.revisions[i]!) {
        take(incoming, j);
        replaced++;
      } else take(held, i);
      i++;
      j++;
    }
  }
  return { columns: sliceColumns(out, 0, rows), revisions: revisions.slice(0, rows), added: rows - held.columns.length, replaced };
}

function copyRow(from: CandleColumns, i: number, to: CandleColumns, row: number): void {
  for (const name of candleFields) to[name][row] = from[name][i]!;
}

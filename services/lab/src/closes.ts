import { candleAt, type Candle, type CandleColumns } from "@tradewind/core";

/** Walks the candles of several instruments by close time, in config order within one close. */
export interface Closes {
  /** Number of candles in all. */
  readonly total: number;
  /** Calls `visit` once per close time with the candles that close then; the array is reused. */
  forEach(visit: (time: number, candles: readonly Candle[], done: number) => void): void;
}

/** Called with the index of the columns and the row, right before the row is read for the first time. */
export type BeforeRead = (k: number, row: number) => void;

/** `columns` in config order, each oldest first. */
export function closesOf(columns: readonly CandleColumns[], beforeRead?: BeforeRead): Closes {
  const total = columns.reduce((sum, own) => sum + own.length, 0);
  const single = columns.length === 1 && beforeRead === undefined;
  return { total, forEach: single ? (visit) => walkOne(columns[0]!, visit) : (visit) => walkMany(columns, visit, beforeRead) };
}

type Visit = Parameters<Closes["forEach"]>[0];

function walkOne(columns: CandleColumns, visit: Visit): void {
  const candles: Candle[] = [];
  for (let i = 0; i < columns.length; i++) {
    const candle = candleAt(columns, i);
    candles[0] = candle;
    visit(candle.closeTime, candles, i + 1);
  }
}

function walkMany(columns: readonly CandleColumns[], visit: Visit, beforeRead: BeforeRead | undefined): void {
  const next = columns.map(() => 0);
  const candles: Candle[] = [];
  let done = 0;
  for (;;) {
    let time = Infinity;
    for (let k = 0; k < columns.length; k++) if (next[k]! < columns[k]!.length) time = Math.min(time, columns[k]!.closeTime[next[k]!]!);
    if (time === Infinity) return;
    candles.length = 0;
    for (let k = 0; k < columns.length; k++) {
      const row = next[k]!;
      if (row >= columns[k]!.length || columns[k]!.closeTime[row] !== time) continue;
      beforeRead?.(k, row);
      candles.push(candleAt(columns[k]!, row));
      next[k] = row + 1;
    }
    done += candles.length;
    visit(time, candles, done);
  }
}

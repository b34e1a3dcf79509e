import type { CandleColumns } from "../domain/candle.ts";

/** Rows [from, to) as columns of their own. */
export function sliceColumns(columns: CandleColumns, from: number, to: number): CandleColumns {
  const part = (column: Float64Array) => column.slice(from, to);
  const openTime = part(columns.openTime);
  return {
    instrument: columns.instrument,
    timeframe: columns.timeframe,
    length: openTime.length,
    openTime,
    closeTime: part(columns.closeTime),
    open: part(columns.open),
    high: part(columns.high),
    low: part(columns.low),
    close: part(columns.close),
    volume: part(columns.volume),
  };
}

/** The first row whose open time is at or after `time`; `length` when there is none. */
export function rowAt(columns: CandleColumns, time: number): number {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (columns.openTime[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

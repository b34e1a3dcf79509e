import { join } from "node:path";
import { civilFromDays, DAY_MS, inputFailure, isoDate, timeframeMs, type CandleColumns, type Timeframe } from "@tradewind/core";

/** Which candles: those of one instrument of a venue in one timeframe. */
export interface Series {
  readonly venue: string;
  readonly instrument: string;
  readonly timeframe: Timeframe;
}

/** "venue/instrument/timeframe". Throws `STORE_NAME` on a name that is no plain token. */
export function seriesPath({ venue, instrument, timeframe }: Series): string {
  for (const [what, name] of Object.entries({ venue, instrument }))
    if (!/^[A-Za-z0-9_-]+$/.test(name))
      throw inputFailure(
        "STORE_NAME",
        `${what} "${name}" cannot be a folder name; use letters, digits, "_" and "-" only, as in BTC-USDT or BRK_B`,
      );
  return join(venue, instrument, timeframe);
}

/**
 * The name of the file that holds a bar: its UTC day, "2024-05-31", for timeframes under an hour, its UTC year,
 * "2024", from an hour on, whose day has 24 rows at the most. Names sort as their times do.
 */
export function partitionOf(timeframe: Timeframe, openTime: number): string {
  const day = Math.floor(openTime / DAY_MS);
  return timeframeMs(timeframe) < timeframeMs("1h") ? isoDate(day) : String(civilFromDays(day).year).padStart(4, "0");
}

/** Rows [from, to) of columns belong to the partition `name`. */
export interface PartitionRows {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The rows of each partition of ordered columns. */
export function partitionRows(columns: CandleColumns): PartitionRows[] {
  const parts: { name: string; from: number; to: number }[] = [];
  for (let i = 0, day = Number.NaN; i < columns.length; i++) {
    const part = parts.at(-1);
    const dayBefore = day;
    day = Math.floor(columns.openTime[i]! / DAY_MS);
    const name = part && day === dayBefore ? part.name : partitionOf(columns.timeframe, columns.openTime[i]!);
    if (part?.name === name) part.to = i + 1;
    else parts.push({ name, from: i, to: i + 1 });
  }
  return parts;
}

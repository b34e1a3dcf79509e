import type { Calendar, Timeframe } from "@tradewind/core";
import type { CandleStore } from "./candle-store.ts";
import { readCandleCsv } from "./csv.ts";
import type { CsvWarning, GapStatistics } from "./csv-spans.ts";
import { seriesPath, type Series } from "./partition.ts";

export interface ImportOptions {
  readonly venue: string;
  readonly instrument: string;
  /** Left out, it is inferred from the file. */
  readonly timeframe?: Timeframe;
  readonly calendar: Calendar;
  readonly store: CandleStore;
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** `read` counts bytes of the file, `write` rows. */
export interface ImportProgress {
  readonly step: "read" | "write";
  readonly done: number;
  readonly total: number;
}

export interface ImportResult extends Series {
  readonly rows: number;
  readonly added: number;
  readonly replaced: number;
  /** Open time of the first candle and close time of the last, in ms. */
  readonly from: number;
  readonly to: number;
  readonly warnings: readonly CsvWarning[];
  readonly gaps: GapStatistics;
}

/**
 * Takes a candle CSV into the store. The whole file is read and checked before anything is written, so a bad file
 * leaves the store as it was. Throws as `readCandleCsv` and `CandleStore.write`.
 */
export async function importCsv(file: string, options: ImportOptions): Promise<ImportResult> {
  const { venue, instrument, timeframe, calendar, store, onProgress } = options;
  seriesPath({ venue, instrument, timeframe: timeframe ?? "1d" });
  const progress = (step: ImportProgress["step"]) => (done: number, total: number) => onProgress?.({ step, done, total });
  const { columns, warnings, gaps } = readCandleCsv(file, {
    instrument,
    calendar,
    ...(timeframe && { timeframe }),
    onProgress: progress("read"),
  });
  const { added, replaced } = await store.write(venue, columns, { onProgress: progress("write") });
  const { length, openTime, closeTime } = columns;
  const range = { from: openTime[0]!, to: closeTime[length - 1]! };
  return { venue, instrument, timeframe: columns.timeframe, rows: length, added, replaced, ...range, warnings, gaps };
}

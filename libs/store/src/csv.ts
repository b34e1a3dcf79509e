import type { Calendar, CandleColumns, Timeframe } from "@tradewind/core";
import { cachedColumns, cacheFileFor, sourceIdentity } from "./raw-cache.ts";
import { readRows, rowFields, rowsOf, type RawRows } from "./csv-rows.ts";
import { inferTimeframe, spansOf, type CsvWarning, type GapStatistics } from "./csv-spans.ts";

export interface CsvOptions {
  /** Id given to the candles. */
  readonly instrument: string;
  readonly calendar: Calendar;
  /** Left out, it is inferred from the spacing of the rows. */
  readonly timeframe?: Timeframe;
  /** Keeps the parsed numbers here, so that the next read of the unchanged file skips parsing. */
  readonly cacheDir?: string;
  /** Gets bytes read and bytes in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface CsvCandles {
  readonly columns: CandleColumns;
  readonly warnings: readonly CsvWarning[];
  readonly gaps: GapStatistics;
}

/**
 * Reads a candle CSV: a header and one row per candle, oldest first. Columns in any order: the time as `time_ms`,
 * or `time`, `timestamp`, `date`, `datetime` in ms, seconds or ISO form (UTC where no zone is given), which labels
 * the bar's open; `open`, `high`, `low`, `close`, `volume`; others are left out. Throws `CSV_*` input failures that
 * name file, line, value and way out.
 */
export function readCandleCsv(file: string, options: CsvOptions): CsvCandles {
  const rows = options.cacheDir === undefined ? readRows(file, options.onProgress) : cachedRows(file, options.cacheDir, options.onProgress);
  const timeframe = options.timeframe ?? inferTimeframe(file, rows.time);
  const { openTime, closeTime, warnings, gaps } = spansOf(file, rows.time, timeframe, options.calendar);
  const { length, open, high, low, close, volume } = rows;
  const columns = { instrument: options.instrument, timeframe, length, openTime, closeTime, open, high, low, close, volume };
  return { columns, warnings, gaps };
}

/** The file's rows, parsed or from the cache. What is derived from them, bar times first, is never cached. */
function cachedRows(file: string, cacheDir: string, onProgress: CsvOptions["onProgress"]): RawRows {
  const identity = sourceIdentity(file);
  if (identity === undefined) return readRows(file, onProgress);
  return rowsOf(
    cachedColumns(cacheFileFor(cacheDir, file), identity, () => {
      const rows = readRows(file, onProgress);
      return rowFields.map((field) => rows[field]);
    }),
  );
}

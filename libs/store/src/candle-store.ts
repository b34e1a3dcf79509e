import { join } from "node:path";
import { inputFailure, isFailure, isTimeframe, rowAt, sliceColumns, type Candle, type CandleColumns, type Failure } from "@tradewind/core";
import { columnsProblem } from "./column-check.ts";
import { mergeCandles } from "./merge.ts";
import { damagedFile, encodeCandles } from "./parquet.ts";
import { partitionOf, partitionRows, seriesPath, type PartitionRows, type Series } from "./partition.ts";
import { stageFile, type StagedFile } from "./staged-file.ts";
import { columnsOf, folders, forEachFile, joinColumns, partitionFile, partitionNames, readPartition } from "./store-files.ts";

export interface WriteOptions {
  /** One per row; 0 where left out. */
  readonly revisions?: Int32Array;
  /** Gets rows ready to be put in place and rows in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface WriteResult {
  /** Bars that were not there before. */
  readonly added: number;
  /** Bars that were there and were written anew. */
  readonly replaced: number;
  readonly files: number;
}

/** What is there of one series. */
export interface StoredSeries extends Series {
  readonly files: number;
  /** Open time of the first candle and close time of the last, in ms; absent when no file can be read. */
  readonly from?: number;
  readonly to?: number;
  /** Why files at either end could not be read, each naming its file. */
  readonly damaged: readonly string[];
}

/** Closed candles on disk, one Parquet file per UTC day (under 1h) or UTC year (from 1h on) of open time. */
export interface CandleStore {
  /**
   * Adds candles of one series to what is there; of two of one bar the higher revision stays, of equal ones the
   * one written last. All is read, merged and on disk beside its place before the first file changes.
   * One process at a time writes a series. Throws `STORE_ROWS` on bad candles, `STORE_FILE_DAMAGED`, `STORE_NAME`.
   */
  write(venue: string, columns: CandleColumns, options?: WriteOptions): Promise<WriteResult>;
  /** The same for candles of one instrument and timeframe as they come, in any order. Rewrites their files: pass many at once. */
  append(venue: string, candles: readonly Candle[]): Promise<WriteResult>;
  /** The candles that open in [from, to), a side left out being open; empty when there are none. Throws `STORE_FILE_DAMAGED`. */
  read(series: Series, range?: { readonly from?: number; readonly to?: number }): Promise<CandleColumns>;
  /** What is there, by venue, instrument and timeframe. Damaged files are named, not thrown. */
  list(): Promise<StoredSeries[]>;
}

/** The candles under a data directory: <dataDir>/candles/<venue>/<instrument>/<timeframe>/. Makes nothing until the first write. */
export function openCandleStore(dataDir: string): CandleStore {
  const root = join(dataDir, "candles");
  let last: Promise<unknown> = Promise.resolve();

  /** One write after the other: each reads files that the one before may change. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  return {
    write: (venue, columns, options = {}) => inTurn(() => writeSeries(root, venue, columns, options)),
    async append(venue, candles) {
      if (candles.length === 0) return { added: 0, replaced: 0, files: 0 };
      const { columns, revisions } = columnsOf(candles);
      return inTurn(() => writeSeries(root, venue, columns, { revisions }));
    },
    read: (series, { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = {}) => readSeries(root, series, from, to),
    list: () => listSeries(root),
  };
}

function rowsFailure(where: string, problem: string): Failure {
  return inputFailure("STORE_ROWS", `${where}: ${problem}; nothing was written, mend the source and write it again`);
}

async function writeSeries(root: string, venue: string, columns: CandleColumns, options: WriteOptions): Promise<WriteResult> {
  const series = { venue, instrument: columns.instrument, timeframe: columns.timeframe };
  const id = seriesPath(series);
  const problem = columnsProblem(columns);
  if (problem !== undefined) throw rowsFailure(id, problem);
  const present = new Set(await partitionNames(root, series));
  const staged: StagedFile[] = [];
  let added = 0;
  let replaced = 0;
  async function stagePartition({ name, from, to }: PartitionRows): Promise<void> {
    const path = partitionFile(root, series, name);
    const revisions = options.revisions?.slice(from, to) ?? new Int32Array(to - from);
    const held = present.has(name) ? await readPartition(root, series, name) : undefined;
    const merged = mergeCandles(held, { columns: sliceColumns(columns, from, to), revisions });
    const overlap = held && columnsProblem(merged.columns);
    if (overlap !== undefined) throw rowsFailure(path, `does not fit the candles there: ${overlap}`);
    staged.push(await stageFile(path, encodeCandles(id, merged)));
    added += merged.added;
    replaced += merged.replaced;
    options.onProgress?.(added + replaced, columns.length);
  }
  try {
    await forEachFile(partitionRows(columns), stagePartition);
    await forEachFile(staged, (file) => file.commit());
  } catch (error) {
    await Promise.all(staged.map((file) => file.discard()));
    throw error;
  }
  return { added, replaced, files: staged.length };
}

async function readSeries(root: string, series: Series, from: number, to: number): Promise<CandleColumns> {
  // Names have four-digit years; beyond them there are no candles to leave out.
  const bound = (time: number, open: string) => (Math.abs(time) < 2e14 ? partitionOf(series.timeframe, time) : open);
  const first = bound(from, "");
  const last = bound(to - 1, "~");
  const names = (await partitionNames(root, series)).filter((name) => name >= first && name <= last);
  const parts = await forEachFile(names, async (name) => {
    const { columns } = await readPartition(root, series, name);
    const whole = columns.length === 0 || (columns.openTime[0]! >= from && columns.openTime[columns.length - 1]! < to);
    return whole ? columns : sliceColumns(columns, rowAt(columns, from), rowAt(columns, to));
  });
  let reached = Number.NEGATIVE_INFINITY;
  for (const [i, part] of parts.entries()) {
    if (part.length === 0) continue;
    if (part.openTime[0]! < reached)
      throw damagedFile(partitionFile(root, series, names[i]!), "starts before the file of the time before ends");
    reached = part.closeTime[part.length - 1]!;
  }
  return joinColumns(series, parts);
}

async function listSeries(root: string): Promise<StoredSeries[]> {
  const found: StoredSeries[] = [];
  for (const venue of await folders(root))
    for (const instrument of await folders(join(root, venue)))
      for (const timeframe of await folders(join(root, venue, instrument)))
        if (isTimeframe(timeframe)) found.push(await describeSeries(root, { venue, instrument, timeframe }));
  return found;
}

async function describeSeries(root: string, series: Series): Promise<StoredSeries> {
  const names = await partitionNames(root, series);
  const damaged = new Set<string>();
  async function firstReadable(inOrder: readonly string[]): Promise<CandleColumns | undefined> {
    for (const name of inOrder) {
      try {
        const { columns } = await readPartition(root, series, name);
        if (columns.length > 0) return columns;
      } catch (error) {
        if (!isFailure(error)) throw error;
        damaged.add(error.message);
      }
    }
    return undefined;
  }
  const first = await firstReadable(names);
  const last = await firstReadable(names.toReversed());
  const range = first && last ? { from: first.openTime[0]!, to: last.closeTime[last.length - 1]! } : {};
  return { ...series, files: names.length, ...range, damaged: [...damaged] };
}

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { allocateColumns, Failure, type Candle, type CandleColumns } from "@tradewind/core";
import { candleFields } from "./merge.ts";
import { damagedFile, readCandleFile, type RevisedColumns } from "./parquet.ts";
import { partitionOf, seriesPath, type Series } from "./partition.ts";

const EXTENSION = ".parquet";

/** The file of one partition of a series. */
export function partitionFile(root: string, series: Series, name: string): string {
  return join(root, seriesPath(series), name + EXTENSION);
}

/** Partitions of a series that have a file, in order of time. */
export async function partitionNames(root: string, series: Series): Promise<string[]> {
  const entries = await readdirOrNone(join(root, seriesPath(series)));
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(EXTENSION))
    .map((entry) => entry.name.slice(0, -EXTENSION.length))
    .toSorted();
}

/** Folders directly under `path`, by name; none when it does not exist. */
export async function folders(path: string): Promise<string[]> {
  return (await readdirOrNone(path))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

async function readdirOrNone(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The candles of one partition. Throws `STORE_FILE_DAMAGED`. */
export async function readPartition(root: string, series: Series, name: string): Promise<RevisedColumns> {
  const path = partitionFile(root, series, name);
  const read = await readCandleFile(path, seriesPath(series), series.instrument, series.timeframe);
  const { length, openTime } = read.columns;
  if (length > 0 && (partitionOf(series.timeframe, openTime[0]!) !== name || partitionOf(series.timeframe, openTime[length - 1]!) !== name))
    throw damagedFile(path, "holds candles of another time than its name says");
  return read;
}

/** Files read or written at the same time: enough that the processor need not wait for the disk. */
const AT_ONCE = 16;

/** `work` on every item, some at a time; results in order. When one fails, throws after those begun have ended. */
export async function forEachFile<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE) {
    const settled = await Promise.allSettled(items.slice(i, i + AT_ONCE).map(work));
    for (const result of settled) {
      if (result.status === "rejected") throw result.reason;
      results.push(result.value);
    }
  }
  return results;
}

/** Parts of one series, in order, as one. */
export function joinColumns(series: Series, parts: readonly CandleColumns[]): CandleColumns {
  if (parts.length === 1) return parts[0]!;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const out = allocateColumns(series.instrument, series.timeframe, length);
  let row = 0;
  for (const part of parts) {
    for (const field of candleFields) out[field].set(part[field], row);
    row += part.length;
  }
  return out;
}

/** Candles of one instrument and timeframe as columns in order of time; of two of one bar the higher revision. */
export function columnsOf(candles: readonly Candle[]): RevisedColumns {
  const [first] = candles;
  const stray = candles.find((candle) => candle.instrument !== first?.instrument || candle.timeframe !== first.timeframe);
  if (!first || stray)
    throw new Failure(
      "bug",
      "STORE_MIXED",
      `candles of ${stray?.instrument} ${stray?.timeframe} among those of ${first?.instrument} ${first?.timeframe}; pass one series at a time`,
    );
  const byBar = new Map<number, Candle>();
  for (const candle of candles) if (candle.revision >= (byBar.get(candle.openTime)?.revision ?? 0)) byBar.set(candle.openTime, candle);
  const ordered = [...byBar.values()].toSorted((a, b) => a.openTime - b.openTime);
  const columns = allocateColumns(first.instrument, first.timeframe, ordered.length);
  for (const [i, candle] of ordered.entries()) for (const field of candleFields) columns[field][i] = candle[field];
  return { columns, revisions: Int32Array.from(ordered, (candle) => candle.revision) };
}

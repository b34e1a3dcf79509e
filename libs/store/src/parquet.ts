import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { allocateColumns, inputFailure, type Failure, type CandleColumns, type Timeframe } from "@tradewind/core";
import { parquetMetadata, parquetRead, type DecodedArray, type Encoding, type FileMetaData } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { columnsProblem } from "./column-check.ts";

/** Candles of one series with the revision of each row: 0 first, then 1, 2 ... for corrections. */
export interface RevisedColumns {
  readonly columns: CandleColumns;
  readonly revisions: Int32Array;
}

/** What a file holds, written into it: "venue/instrument/timeframe". */
const SERIES_KEY = "tradewind.series";
const CHECKSUM_KEY = "tradewind.crc32";
const times = ["open_time", "close_time"] as const;
const values = ["open", "high", "low", "close", "volume"] as const;
const targets = {
  open_time: "openTime",
  close_time: "closeTime",
  open: "open",
  high: "high",
  low: "low",
  close: "close",
  volume: "volume",
} as const;

const schema = [
  { name: "candles", num_children: 8 },
  ...times.map((name) => ({
    name,
    type: "INT64" as const,
    repetition_type: "REQUIRED" as const,
    converted_type: "TIMESTAMP_MILLIS" as const,
  })),
  ...values.map((name) => ({ name, type: "DOUBLE" as const, repetition_type: "REQUIRED" as const })),
  { name: "revision", type: "INT32" as const, repetition_type: "REQUIRED" as const },
];

/**
 * A Parquet file of candles: open_time and close_time as UTC timestamps in ms, open, high, low, close, volume as
 * doubles, revision as int32. pandas, DuckDB and Arrow read it as it is. Not compressed: a day's file is small, and
 * setting up a decoder per column takes longer than all the rest. A CRC-32 over the columns is in the metadata.
 */
export function encodeCandles(series: string, candles: RevisedColumns): Uint8Array {
  const { columns, revisions } = candles;
  const column = (name: string, data: DecodedArray, encoding: Encoding) => ({
    name,
    data,
    encoding,
    offsetIndex: false,
    statistics: name === "open_time",
  });
  const buffer = parquetWriteBuffer({
    schema,
    columnData: [
      ...times.map((name) => column(name, asInt64(columns[targets[name]]), "PLAIN")),
      ...values.map((name) => column(name, columns[name], "PLAIN")),
      column("revision", revisions, "RLE_DICTIONARY"),
    ],
    codec: "UNCOMPRESSED",
    kvMetadata: [
      { key: SERIES_KEY, value: series },
      { key: CHECKSUM_KEY, value: checksum(candles) },
    ],
    createdBy: "tradewind",
  });
  return new Uint8Array(buffer);
}

function asInt64(numbers: Float64Array): BigInt64Array {
  const integers = new BigInt64Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) integers[i] = BigInt(numbers[i]!);
  return integers;
}

/** CRC-32 over the float64 bytes of the columns and the int32 ones of the revisions, in the order of the schema. */
function checksum({ columns, revisions }: RevisedColumns): string {
  const parts = [...times, ...values].map((name): Float64Array | Int32Array => columns[targets[name]]);
  return [...parts, revisions]
    .reduce((sum, part) => crc32(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), sum), 0)
    .toString(16);
}

/**
 * The candles of a file written by `encodeCandles`, checked row by row. Throws `STORE_FILE_DAMAGED` naming the file
 * when it is cut off, corrupt, of another series, or holds candles that cannot be.
 */
export async function readCandleFile(path: string, series: string, instrument: string, timeframe: Timeframe): Promise<RevisedColumns> {
  const bytes = await readFile(path);
  let read: RevisedColumns;
  let problem: string | undefined;
  try {
    const metadata = parquetMetadata(bytes);
    read = await decode(bytes, metadata, instrument, timeframe);
    problem = problemOf(read, new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value])), series);
  } catch (cause) {
    throw damagedFile(path, cause instanceof Error ? cause.message : String(cause));
  }
  if (problem !== undefined) throw damagedFile(path, problem);
  return read;
}

/** A file of another writer has no keys of ours, and is taken by its columns alone. */
function problemOf(read: RevisedColumns, keys: ReadonlyMap<string, string | undefined>, series: string): string | undefined {
  const held = keys.get(SERIES_KEY) ?? series;
  if (held !== series) return `holds ${held}, not ${series}`;
  const sum = keys.get(CHECKSUM_KEY);
  if (sum !== undefined && sum !== checksum(read)) return "its checksum differs";
  return columnsProblem(read.columns);
}

/** The failure for a file that cannot be taken as it is. */
export function damagedFile(path: string, problem: string): Failure {
  return inputFailure("STORE_FILE_DAMAGED", `${path}: not a whole candle file (${problem}); remove the file and import its candles again`);
}

async function decode(bytes: Buffer, metadata: FileMetaData, instrument: string, timeframe: Timeframe): Promise<RevisedColumns> {
  const rows = Number(metadata.num_rows);
  if (rows > bytes.byteLength) throw new Error(`cannot hold the ${rows} rows it tells of`);
  const columns = allocateColumns(instrument, timeframe, rows);
  const revisions = new Int32Array(columns.length);
  const filled = new Map<string, number>();
  const file = {
    byteLength: bytes.byteLength,
    slice: (start: number, end?: number) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
  // Without the type's name timestamps come as int64 columns; with it, as one Date object each.
  const plain = {
    ...metadata,
    schema: metadata.schema.map(({ converted_type: _converted, logical_type: _logical, ...element }) => element),
  };
  const names = [...times, ...values, "revision"];
  for (const name of names) if (!plain.schema.some((element) => element.name === name)) throw new Error(`no column ${name}`);
  await parquetRead({
    file,
    metadata: plain,
    columns: names,
    onChunk({ columnName, columnData, rowStart }) {
      if (columnName === "revision") revisions.set(columnData as Int32Array, rowStart);
      else columns[targets[columnName as keyof typeof targets]].set(asNumbers(columnData), rowStart);
      filled.set(columnName, (filled.get(columnName) ?? 0) + columnData.length);
    },
  });
  for (const name of names)
    if ((filled.get(name) ?? 0) !== columns.length)
      throw new Error(`column ${name} has ${filled.get(name) ?? 0} of ${columns.length} rows`);
  return { columns, revisions };
}

/** Int64 read as two halves: a bigint per value would cost four times as much. */
function asNumbers(data: DecodedArray): ArrayLike<number> {
  if (!(data instanceof BigInt64Array)) return data as Float64Array;
  const halves = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
  const numbers = new Float64Array(data.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = (halves[2 * i]! >>> 0) + halves[2 * i + 1]! * 2 ** 32;
  return numbers;
}

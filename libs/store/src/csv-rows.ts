import { isoTime, type Failure } from "@tradewind/core";
import { COMMA, CR, LF, parseIsoTime, readNumber, readText, skipField, type Cursor } from "./csv-fields.ts";
import { csvFailure, EXAMPLE, lineText, readLines } from "./csv-lines.ts";
import { ohlcvProblem } from "./row-check.ts";

/** The rows of a candle file as they stand there. `time` is the file's own label in ms, each above the one before. */
export interface RawRows {
  readonly length: number;
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** The columns of `RawRows`, in the order in which they are kept. */
export const rowFields = ["time", "open", "high", "low", "close", "volume"] as const;
type Columns = readonly [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];

const timeNames = ["time_ms", "time", "timestamp", "date", "datetime"];
/** Seconds since the epoch stay below this until the year 5138; ms are above it since 1973. */
const SECONDS_BELOW = 1e11;
const MICROSECONDS_FROM = 1e14;

/** `RawRows` over columns in the order of `rowFields`. */
export function rowsOf(columns: readonly Float64Array[]): RawRows {
  const [time, open, high, low, close, volume] = columns as unknown as Columns;
  return { length: time.length, time, open, high, low, close, volume };
}

/** The line that row `row` of a file stands on: under one header, without empty lines between. */
export function lineOfRow(row: number): number {
  return row + 2;
}

/** For each column of the file its place in `rowFields`, -1 when it has none. */
interface Header {
  readonly slots: readonly number[];
  readonly timeName: string;
}

function parseHeader(file: string, line: string): Header {
  const plain = (name: string) =>
    name
      .trim()
      .replace(/^"(.*)"$/, "$1")
      .trim()
      .toLowerCase();
  const names = line
    .replace(/^\uFEFF/, "")
    .split(",")
    .map(plain);
  if (names.every((name) => name !== "" && !Number.isNaN(Number(name))))
    throw csvFailure("CSV_NO_HEADER", file, 1, `starts with data, not with column names; put "${EXAMPLE}" on the first line`);
  const timeName = timeNames.find((name) => names.includes(name)) ?? "time_ms";
  const wanted = [timeName, ...rowFields.slice(1)];
  for (const name of wanted) {
    const count = names.filter((other) => other === name).length;
    if (count === 0)
      throw csvFailure("CSV_COLUMN_MISSING", file, 1, `no column "${name}" in "${names.join(",")}"; name the columns as in "${EXAMPLE}"`);
    if (count > 1) throw csvFailure("CSV_COLUMN_TWICE", file, 1, `two columns are named "${name}"; rename or remove one`);
  }
  return { slots: names.map((name) => wanted.indexOf(name)), timeName };
}

/** Reads labels as ms: a number in ms or, by its column's name and its size, seconds; else an ISO time; NaN for other text. */
function timeReader(timeName: string): (cursor: Cursor) => number {
  let unit = timeName === "time_ms" ? 1 : 0;
  return (cursor) => {
    const start = cursor.pos;
    const number = readNumber(cursor);
    if (Number.isNaN(number)) {
      cursor.pos = start;
      return parseIsoTime(readText(cursor));
    }
    if (unit === 0) unit = Math.abs(number) < SECONDS_BELOW ? 1000 : 1;
    return number * unit;
  };
}

/** Reads and checks rows one after the other into columns that grow. */
class RowReader {
  readonly file: string;
  readonly header: Header;
  readonly readTime: (cursor: Cursor) => number;
  columns: Columns;
  length = 0;
  newest = Number.NEGATIVE_INFINITY;
  emptyLine = false;

  constructor(file: string, header: Header, capacity: number) {
    this.file = file;
    this.header = header;
    this.readTime = timeReader(header.timeName);
    this.columns = rowFields.map(() => new Float64Array(capacity)) as unknown as Columns;
  }

  readRows(cursor: Cursor, end: number): void {
    const { slots } = this.header;
    const { bytes } = cursor;
    const last = slots.length - 1;
    while (cursor.pos < end) {
      const start = cursor.pos;
      if (bytes[start] === LF || (bytes[start] === CR && bytes[start + 1] === LF)) {
        this.emptyLine = true;
        cursor.pos += bytes[start] === LF ? 1 : 2;
        continue;
      }
      if (this.emptyLine) throw this.failure("CSV_RAGGED", "an empty line stands between rows; remove it");
      if (this.length === this.columns[0].length) this.resize(Math.ceil(this.length * 1.5));
      const { columns } = this;
      for (let c = 0; c <= last; c++) {
        const slot = slots[c]!;
        if (slot < 0) skipField(cursor);
        else columns[slot]![this.length] = slot === 0 ? this.readTime(cursor) : readNumber(cursor);
        if (c < last && bytes[cursor.pos++] !== COMMA) throw this.ragged(bytes, start);
      }
      if (bytes[cursor.pos] === CR) cursor.pos++;
      if (bytes[cursor.pos++] !== LF) throw this.ragged(bytes, start);
      this.checkRow(bytes, start);
      this.newest = columns[0][this.length]!;
      this.length++;
    }
  }

  checkRow(bytes: Uint8Array, start: number): void {
    const [time, open, high, low, close, volume] = this.columns;
    const i = this.length;
    const label = time[i]!;
    const problem = ohlcvProblem(open[i]!, high[i]!, low[i]!, close[i]!, volume[i]!);
    if (problem || !(label > this.newest) || !Number.isInteger(label) || label >= MICROSECONDS_FROM)
      throw this.explain(lineText(bytes, start), problem);
  }

  /** Why the row being read is refused. */
  explain(line: string, problem: string | undefined): Failure {
    const texts = line.split(",");
    const textOf = (slot: number) => texts[this.header.slots.indexOf(slot)]!.trim();
    for (const [slot, name] of rowFields.entries()) {
      if (!Number.isNaN(this.columns[slot]![this.length]!)) continue;
      const wanted = slot === 0 ? "a time in ms, seconds or ISO form" : "a number";
      return this.failure("CSV_NOT_A_NUMBER", `${name} "${textOf(slot)}" is not ${wanted}; mend or remove the line`);
    }
    const label = this.columns[0][this.length]!;
    const text = textOf(0);
    if (!Number.isInteger(label) || label >= MICROSECONDS_FROM)
      return this.failure(
        "CSV_TIME_UNIT",
        `time ${text} is not in whole milliseconds; write time_ms in ms since 1970, or time in seconds or ISO form`,
      );
    if (label === this.newest)
      return this.failure("CSV_TIME_REPEATED", `time ${text} (${isoTime(label)}) is that of the line above; keep one of the two`);
    if (label < this.newest)
      return this.failure(
        "CSV_TIME_BACKWARD",
        `time ${text} (${isoTime(label)}) is before the line above (${isoTime(this.newest)}); sort the file by time`,
      );
    return this.failure("CSV_PRICES", `${problem}; mend or remove the line`);
  }

  ragged(bytes: Uint8Array, start: number): Failure {
    const text = lineText(bytes, start);
    const count = `${text.split(",").length} fields ("${text.slice(0, 80)}") where the header has ${this.header.slots.length}`;
    return this.failure("CSV_RAGGED", `${count}; mend or remove the line`);
  }

  failure(code: string, text: string): Failure {
    return csvFailure(code, this.file, lineOfRow(this.length), text);
  }

  resize(capacity: number): void {
    const kept = Math.min(capacity, this.length);
    this.columns = this.columns.map((column) => {
      const other = new Float64Array(capacity);
      other.set(column.subarray(0, kept));
      return other;
    }) as unknown as Columns;
  }
}

/** How many rows a file of `size` bytes may have, going by its first lines. */
function estimateRows(bytes: Uint8Array, end: number, size: number): number {
  const sample = Math.min(end, 65_536);
  let lines = 0;
  for (let i = 0; i < sample; i++) if (bytes[i] === LF) lines++;
  return Math.ceil((size / sample) * lines * 1.02) + 16;
}

/** Reads and checks every row of a candle CSV. Throws `CSV_*` input failures that name file and line. */
export function readRows(file: string, onProgress?: (done: number, total: number) => void): RawRows {
  let reader: RowReader | undefined;
  readLines(
    file,
    (bytes, end, size) => {
      const cursor: Cursor = { bytes, pos: 0 };
      if (!reader) {
        reader = new RowReader(file, parseHeader(file, lineText(bytes, 0)), estimateRows(bytes, end, size));
        cursor.pos = bytes.indexOf(LF) + 1;
      }
      reader.readRows(cursor, end);
    },
    onProgress,
  );
  if (!reader?.length) throw csvFailure("CSV_NO_ROWS", file, undefined, "has a header but no rows; export it again or choose another file");
  reader.resize(reader.length);
  return rowsOf(reader.columns);
}

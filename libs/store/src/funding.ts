import { readFileSync } from "node:fs";
import { parseIsoTime } from "./csv-fields.ts";
import { csvFailure } from "./csv-lines.ts";

/** A value at moments in ms, oldest first, as columns of equal length. */
export interface TimeSeries {
  readonly length: number;
  readonly time: Float64Array;
  readonly value: Float64Array;
}

/**
 * Funding rates of a perpetual from a CSV with the time in `time_ms` and the rate (0.0001 is one basis point) in
 * `rate`, or in `open` as candle exports have it. Times stay as the venue stamped them, some ms after the hour.
 * Throws `CSV_*` input failures that name file and line.
 */
export function readFunding(file: string): TimeSeries {
  return readSeries(file, ["rate", "open"]);
}

/**
 * Mark prices from a CSV with `time_ms` and `price`, or from mark candles: their `open`, the price at the label
 * itself, since a candle's other prices come later than its label.
 */
export function readMarkPrices(file: string): TimeSeries {
  const marks = readSeries(file, ["price", "open"]);
  const bad = marks.value.findIndex((price) => price <= 0);
  if (bad >= 0) throw csvFailure("CSV_PRICES", file, bad + 2, `mark price ${marks.value[bad]} is not above zero; mend or remove the line`);
  return marks;
}

function readSeries(file: string, valueNames: readonly string[]): TimeSeries {
  const lines = readText(file)
    .replace(/^\uFEFF/, "")
    .trimEnd()
    .split(/\r?\n/);
  const names = lines[0]!
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  const timeAt = ["time_ms", "time", "timestamp", "date"].map((name) => names.indexOf(name)).find((at) => at >= 0);
  const valueAt = valueNames.map((name) => names.indexOf(name)).find((at) => at >= 0);
  if (timeAt === undefined || valueAt === undefined)
    throw csvFailure("CSV_COLUMN_MISSING", file, 1, `needs the columns time_ms and ${valueNames.join(" or ")}, has "${lines[0]}"`);
  const length = lines.length - 1;
  if (length === 0) throw csvFailure("CSV_NO_ROWS", file, undefined, "has a header but no rows; export it again or choose another file");
  const time = new Float64Array(length);
  const value = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const fields = lines[i + 1]!.split(",");
    time[i] = timeOf(fields[timeAt] ?? "");
    value[i] = numberOf(fields[valueAt] ?? "");
    if (!Number.isInteger(time[i]) || !Number.isFinite(value[i]))
      throw csvFailure(
        "CSV_NOT_A_NUMBER",
        file,
        i + 2,
        `"${lines[i + 1]}" has no whole time_ms or no ${valueNames[0]}; mend or remove the line`,
      );
    if (i > 0 && time[i]! <= time[i - 1]!)
      throw csvFailure(
        "CSV_TIME_BACKWARD",
        file,
        i + 2,
        `time ${fields[timeAt]} is not after the line above; sort the file by time, once each`,
      );
  }
  return { length, time, value };
}

function readText(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw csvFailure("CSV_NO_FILE", file, undefined, `cannot be read (${(cause as NodeJS.ErrnoException).code}); check the path`);
  }
  if (text.trim() === "")
    throw csvFailure("CSV_EMPTY", file, undefined, 'the file is empty; it needs the header "time_ms,rate" and one line per value');
  return text;
}

const numberOf = (text: string) => (text.trim() === "" ? Number.NaN : Number(text));

/** ms, or seconds below the year 5138, or ISO. */
function timeOf(text: string): number {
  const number = numberOf(text);
  if (Number.isNaN(number)) return parseIsoTime(text.trim());
  return number < 1e11 ? number * 1000 : number;
}

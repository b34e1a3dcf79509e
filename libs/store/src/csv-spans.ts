import { isoTime, timeframeMs, timeframeNames, type BarSpan, type Calendar, type Timeframe } from "@tradewind/core";
import { csvFailure } from "./csv-lines.ts";
import { lineOfRow } from "./csv-rows.ts";

/** Something odd in a file that is taken as it is; for showing to a person. */
export interface CsvWarning {
  /** `OFF_SESSION`: rows outside the calendar's sessions. `OFF_CLOCK`: bars that do not start where the calendar's do. */
  readonly code: "OFF_SESSION" | "OFF_CLOCK";
  readonly rows: number;
  readonly firstLine: number;
  readonly message: string;
}

export interface GapStatistics {
  /** Bars that the calendar has between the first candle and the last, and the file has not. */
  readonly missingBars: number;
  /** The longest time from one close to the next open over which a bar is missing. */
  readonly largestGapMs: number;
}

export interface Spans {
  readonly openTime: Float64Array;
  readonly closeTime: Float64Array;
  readonly warnings: readonly CsvWarning[];
  readonly gaps: GapStatistics;
}

/** The most common spacing of the labels, the shortest of equally common ones. */
function commonSpacing(time: Float64Array): { readonly common: number; readonly shortest: number } {
  const counts = new Map<number, number>();
  for (let i = 1, run = 0; i < time.length; i++) {
    const spacing = time[i]! - time[i - 1]!;
    run++;
    const following = i + 1 < time.length ? time[i + 1]! - time[i]! : undefined;
    if (following === spacing) continue;
    counts.set(spacing, (counts.get(spacing) ?? 0) + run);
    run = 0;
  }
  let common = Number.POSITIVE_INFINITY;
  let shortest = Number.POSITIVE_INFINITY;
  for (const [spacing, count] of counts) {
    const most = counts.get(common) ?? 0;
    if (count > most || (count === most && spacing < common)) common = spacing;
    if (spacing < shortest) shortest = spacing;
  }
  return { common, shortest };
}

/**
 * The timeframe whose length is the most common spacing; where that is none (a file of trade-less seconds), the
 * one that is the shortest spacing. Throws `CSV_TIMEFRAME_UNKNOWN`.
 */
export function inferTimeframe(file: string, time: Float64Array): Timeframe {
  const choice = `pass --timeframe with one of ${timeframeNames.join(", ")}`;
  if (time.length < 2) throw csvFailure("CSV_TIMEFRAME_UNKNOWN", file, undefined, `one candle is too few to tell the timeframe; ${choice}`);
  const { common, shortest } = commonSpacing(time);
  const found =
    timeframeNames.find((name) => timeframeMs(name) === common) ?? timeframeNames.find((name) => timeframeMs(name) === shortest);
  if (found) return found;
  throw csvFailure(
    "CSV_TIMEFRAME_UNKNOWN",
    file,
    undefined,
    `the most common spacing of its rows, ${common} ms, is no timeframe; ${choice}`,
  );
}

/** True when a label lies inside a bar: the file counts its bars from elsewhere than the clock does. */
function isOffClock(calendar: Calendar, timeframe: Timeframe, label: number): boolean {
  const bar = calendar.bar(timeframe, label);
  return bar !== undefined && bar.openTime !== label;
}

/**
 * The calendar's bar for a label: the one that opens there, or the one within the label's nominal span, as the
 * 09:30-10:00 bar is for 09:00 and a session for its date's midnight, in UTC or in New York.
 */
function barOfLabel(calendar: Calendar, timeframe: Timeframe, label: number): BarSpan | undefined {
  const bar = calendar.bar(timeframe, label);
  if (bar) return bar;
  const next = calendar.nextBar(timeframe, label);
  return next.closeTime <= label + timeframeMs(timeframe) ? next : undefined;
}

/** The bar of a file that goes by its own clock: as long as the timeframe, or to the end of the session. */
function ownClockBar(calendar: Calendar, timeframe: Timeframe, label: number): BarSpan {
  const nominal = label + timeframeMs(timeframe);
  const dayClose = calendar.bar("1d", label)?.closeTime;
  const cut = dayClose !== undefined && dayClose < nominal && !calendar.isOpen(dayClose);
  return { openTime: label, closeTime: cut ? dayClose : nominal };
}

/**
 * Open and close times for the labels of a file. When a label lies inside one of the calendar's bars, the whole
 * file goes by its own clock, since a calendar's bar could then close before the row's data ends. A row without a
 * session keeps its nominal span. Throws `CSV_TIMEFRAME_OVERLAP` when rows are closer than the timeframe.
 */
export function spansOf(file: string, time: Float64Array, timeframe: Timeframe, calendar: Calendar): Spans {
  const { length } = time;
  const openTime = new Float64Array(length);
  const closeTime = new Float64Array(length);
  const offClock = countRows(time, (label) => isOffClock(calendar, timeframe, label));
  const offSession = { rows: 0, first: 0 };
  for (let i = 0; i < length; i++) {
    const label = time[i]!;
    const bar = offClock.rows > 0 ? undefined : barOfLabel(calendar, timeframe, label);
    if (!bar && !calendar.isOpen(label) && offSession.rows++ === 0) offSession.first = i;
    const span = bar ?? ownClockBar(calendar, timeframe, label);
    openTime[i] = span.openTime;
    closeTime[i] = span.closeTime;
    if (i > 0 && span.openTime < closeTime[i - 1]!)
      throw csvFailure(
        "CSV_TIMEFRAME_OVERLAP",
        file,
        lineOfRow(i),
        `the ${timeframe} candle of ${isoTime(label)} starts before the one above ends (${isoTime(closeTime[i - 1]!)}); pass the file's own --timeframe, or remove one`,
      );
  }
  return {
    openTime,
    closeTime,
    warnings: warningsOf(offSession, offClock, calendar),
    gaps: gapsOf(openTime, closeTime, timeframe, calendar),
  };
}

interface RowCount {
  readonly rows: number;
  readonly first: number;
}

function countRows(time: Float64Array, test: (label: number) => boolean): RowCount {
  let rows = 0;
  let first = 0;
  for (let i = 0; i < time.length; i++) if (test(time[i]!) && rows++ === 0) first = i;
  return { rows, first };
}

function warningsOf(offSession: RowCount, offClock: RowCount, calendar: Calendar): CsvWarning[] {
  const warnings: CsvWarning[] = [];
  const add = (code: CsvWarning["code"], { rows, first }: RowCount, text: string) =>
    rows > 0 &&
    warnings.push({ code, rows, firstLine: lineOfRow(first), message: `${rows} rows ${text}, the first on line ${lineOfRow(first)}` });
  add("OFF_SESSION", offSession, `lie outside the sessions of calendar ${calendar.name} and keep their nominal length`);
  add("OFF_CLOCK", offClock, `start inside a bar of calendar ${calendar.name}, so all rows keep the file's own clock`);
  return warnings;
}

function gapsOf(openTime: Float64Array, closeTime: Float64Array, timeframe: Timeframe, calendar: Calendar): GapStatistics {
  let missingBars = 0;
  let largestGapMs = 0;
  for (let i = 1; i < openTime.length; i++) {
    const from = closeTime[i - 1]!;
    const to = openTime[i]!;
    if (to === from) continue;
    const missing = calendar.countBars(timeframe, from, to);
    missingBars += missing;
    if (missing > 0) largestGapMs = Math.max(largestGapMs, to - from);
  }
  return { missingBars, largestGapMs };
}

import { civilFromDays, DAY_MS, daysFromCivil, lastWeekday, nthWeekday } from "./civil.ts";

const HOUR_MS = 3_600_000;
const STANDARD = -5 * HOUR_MS;
const DAYLIGHT = -4 * HOUR_MS;

interface DaylightTime {
  readonly year: number;
  /** Start of the year in UTC ms, its end, and the daylight-saving span within. */
  readonly yearStart: number;
  readonly yearEnd: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Daylight saving by US law: from 2007 (Energy Policy Act of 2005) the second Sunday of March to the first
 * Sunday of November, 1987-2006 the first Sunday of April to the last of October; both change at 2:00 local.
 * Years before 1987 take the 1987 rule, which is not what was in force then.
 */
function daylightTime(year: number): DaylightTime {
  const start = year >= 2007 ? nthWeekday(year, 3, 0, 2) : nthWeekday(year, 4, 0, 1);
  const end = year >= 2007 ? nthWeekday(year, 11, 0, 1) : lastWeekday(year, 10, 0);
  return {
    year,
    yearStart: daysFromCivil(year, 1, 1) * DAY_MS,
    yearEnd: daysFromCivil(year + 1, 1, 1) * DAY_MS,
    start: start * DAY_MS + 2 * HOUR_MS - STANDARD,
    end: end * DAY_MS + 2 * HOUR_MS - DAYLIGHT,
  };
}

let cached = daylightTime(1970);

/** What to add to UTC ms to get New York local ms at this moment: -5 h, or -4 h in daylight-saving time. */
export function newYorkOffset(time: number): number {
  if (time < cached.yearStart || time >= cached.yearEnd) cached = daylightTime(civilFromDays(Math.floor(time / DAY_MS)).year);
  return time >= cached.start && time < cached.end ? DAYLIGHT : STANDARD;
}

/** The New York date of a moment, in days from 1970-01-01. */
export function newYorkDay(time: number): number {
  return Math.floor((time + newYorkOffset(time)) / DAY_MS);
}

/** UTC ms of a New York wall-clock time: `day` from 1970-01-01, `minutes` after midnight, at or after 3:00. */
export function newYorkTime(day: number, minutes: number): number {
  const local = day * DAY_MS + minutes * 60_000;
  return local - newYorkOffset(local - DAYLIGHT);
}

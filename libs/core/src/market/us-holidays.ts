import { civilFromDays, daysFromCivil, easterSunday, lastWeekday, nthWeekday, weekday } from "./civil.ts";

/** What a date is for New York stock trading. `early` closes at 13:00. */
export type TradingDay = "full" | "early" | "closed";

const SUNDAY = 0;
const MONDAY = 1;
const THURSDAY = 4;
const FRIDAY = 5;
const SATURDAY = 6;

/** Closed outside the yearly rules. Source: NYSE, "Holidays and trading hours" and its market notices. */
const specialClosures = [
  [2001, 9, 11], // terrorist attacks
  [2001, 9, 12],
  [2001, 9, 13],
  [2001, 9, 14],
  [2004, 6, 11], // mourning for Ronald Reagan
  [2007, 1, 2], // mourning for Gerald Ford
  [2012, 10, 29], // Hurricane Sandy
  [2012, 10, 30],
  [2018, 12, 5], // mourning for George H. W. Bush
  [2025, 1, 9], // mourning for Jimmy Carter
] as const;

/** Closed at 13:00 outside the yearly rules. */
const specialEarlyCloses = [
  [1999, 12, 31],
  [2003, 12, 26],
] as const;

/** A holiday on Saturday is kept on Friday, on Sunday on Monday. */
function observed(day: number): number {
  if (weekday(day) === SATURDAY) return day - 1;
  return weekday(day) === SUNDAY ? day + 1 : day;
}

function closures(year: number): Set<number> {
  const newYear = daysFromCivil(year, 1, 1);
  const days = new Set([
    // A New Year's Day on Saturday is not made up for: Friday ends the accounting year (NYSE rule 7.2).
    weekday(newYear) === SUNDAY ? newYear + 1 : newYear,
    nthWeekday(year, 2, MONDAY, 3),
    easterSunday(year) - 2,
    lastWeekday(year, 5, MONDAY),
    observed(daysFromCivil(year, 7, 4)),
    nthWeekday(year, 9, MONDAY, 1),
    nthWeekday(year, 11, THURSDAY, 4),
    observed(daysFromCivil(year, 12, 25)),
  ]);
  if (year >= 1998) days.add(nthWeekday(year, 1, MONDAY, 3));
  if (year >= 2022) days.add(observed(daysFromCivil(year, 6, 19)));
  for (const [y, month, day] of specialClosures) if (y === year) days.add(daysFromCivil(y, month, day));
  return days;
}

function earlyCloses(year: number): Set<number> {
  const days = new Set([nthWeekday(year, 11, THURSDAY, 4) + 1]);
  const christmasEve = daysFromCivil(year, 12, 24);
  if (weekday(christmasEve) >= MONDAY && weekday(christmasEve) <= THURSDAY) days.add(christmasEve);
  const independence = daysFromCivil(year, 7, 4);
  // With the holiday on a Thursday, until 2012 the Friday after it was the short day.
  if (weekday(independence) === THURSDAY && year < 2013) days.add(independence + 1);
  else if (weekday(independence) > MONDAY && weekday(independence) <= FRIDAY) days.add(independence - 1);
  for (const [y, month, day] of specialEarlyCloses) if (y === year) days.add(daysFromCivil(y, month, day));
  return days;
}

const years = new Map<number, { readonly closed: Set<number>; readonly early: Set<number> }>();

/** The kind of a New York date, counted in days from 1970-01-01. By rule; right from 1998 on. */
export function tradingDay(day: number): TradingDay {
  const dayOfWeek = weekday(day);
  if (dayOfWeek === SATURDAY || dayOfWeek === SUNDAY) return "closed";
  const { year } = civilFromDays(day);
  let rules = years.get(year);
  if (!rules) {
    rules = { closed: closures(year), early: earlyCloses(year) };
    years.set(year, rules);
  }
  if (rules.closed.has(day)) return "closed";
  return rules.early.has(day) ? "early" : "full";
}

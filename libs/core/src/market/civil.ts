/** One civil day in ms. */
export const DAY_MS = 86_400_000;

/**
 * Days from 1970-01-01 to a date of the proleptic Gregorian calendar; `month` 1..12.
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
 */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** A date; `month` 1..12. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The inverse of `daysFromCivil`. Source: as above, civil_from_days. */
export function civilFromDays(days: number): CivilDate {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** 0 Sunday .. 6 Saturday, of a day counted from 1970-01-01. */
export function weekday(days: number): number {
  return (((days + 4) % 7) + 7) % 7;
}

/** "yyyy-mm-dd" of a day counted from 1970-01-01. */
export function isoDate(days: number): string {
  const { year, month, day } = civilFromDays(days);
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** "yyyy-mm-ddThh:mm:ss.mmmZ" of ms since the epoch. */
export function isoTime(time: number): string {
  const days = Math.floor(time / DAY_MS);
  const ms = time - days * DAY_MS;
  const part = (unit: number, modulus: number, width: number) => String(Math.floor(ms / unit) % modulus).padStart(width, "0");
  return `${isoDate(days)}T${part(3_600_000, 24, 2)}:${part(60_000, 60, 2)}:${part(1000, 60, 2)}.${part(1, 1000, 3)}Z`;
}

/** The `n`-th (1 first) given weekday (0 Sunday) of a month, in days from 1970-01-01. */
export function nthWeekday(year: number, month: number, dayOfWeek: number, n: number): number {
  const first = daysFromCivil(year, month, 1);
  return first + ((dayOfWeek - weekday(first) + 7) % 7) + (n - 1) * 7;
}

/** The last given weekday (0 Sunday) of a month, in days from 1970-01-01. */
export function lastWeekday(year: number, month: number, dayOfWeek: number): number {
  const last = daysFromCivil(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1, 1) - 1;
  return last - ((weekday(last) - dayOfWeek + 7) % 7);
}

/** Easter Sunday in days from 1970-01-01. Source: J. Meeus, "Astronomical Algorithms", ch. 8 (Gregorian Easter). */
export function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const monthDay = h + l - 7 * m + 114;
  return daysFromCivil(year, Math.floor(monthDay / 31), (monthDay % 31) + 1);
}

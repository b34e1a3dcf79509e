export const DAY_MS = 86_400_000;

/** Year and month (1..12) of a moment in UTC, in the proleptic Gregorian calendar. */
export interface CivilMonth {
  readonly year: number;
  readonly month: number;
}

/** The UTC month of `time` (ms). Source: H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days. */
export function civilMonth(time: number): CivilMonth {
  const shifted = Math.floor(time / DAY_MS) + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month };
}

/** True on Saturday and Sunday, UTC. 1970-01-01 was a Thursday. */
export function isWeekend(time: number): boolean {
  const day = (((Math.floor(time / DAY_MS) + 4) % 7) + 7) % 7;
  return day === 0 || day === 6;
}

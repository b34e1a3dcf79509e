import { date, dateTime, fixed, NONE, percent, plural, signedPercent } from "@tradewind/plots";
import type { CardRange } from "./model.ts";

/** A figure that may not be had: null for what is not finite. */
export function known(x: number | null | undefined): number | null {
  return x !== null && x !== undefined && Number.isFinite(x) ? x : null;
}

/** A share 0..1 as "53.4 %". */
export function shareText(x: number | null | undefined, decimals = 1): string {
  const value = known(x);
  return percent(value === null ? null : value * 100, decimals);
}

/** A loss or another plain figure to so many decimals. */
export function plainText(x: number | null | undefined, decimals = 3): string {
  const value = known(x);
  return value === null ? NONE : fixed(value, decimals);
}

/** A net return with its sign. */
export function returnText(x: number | null | undefined, decimals: number): string {
  return signedPercent(known(x), decimals);
}

/** Decimals at which the largest of these percentages shows two digits that count. */
export function decimalsFor(values: readonly (number | null | undefined)[]): number {
  const most = values.reduce<number>((size, x) => Math.max(size, Math.abs(known(x) ?? 0)), 0);
  return most === 0 ? 2 : Math.max(1, Math.min(5, 1 - Math.floor(Math.log10(most))));
}

/** "412 KiB", "1.8 MiB". */
export function bytesText(bytes: number | null): string {
  if (bytes === null) return NONE;
  if (bytes < 1024) return `${fixed(bytes, 0)} bytes`;
  const [size, unit] =
    bytes < 1024 ** 2 ? [bytes / 1024, "KiB"] : bytes < 1024 ** 3 ? [bytes / 1024 ** 2, "MiB"] : [bytes / 1024 ** 3, "GiB"];
  return `${fixed(size, size < 10 ? 1 : 0)} ${unit}`;
}

/** "48 s", "12 min", "2 h 5 min". */
export function timeTaken(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 1) return `${fixed(ms, 0)} ms`;
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Days from which on a range is told without the times of its ends. */
const LONG_DAYS = 30;

/** A range with its rows; a short one with the times of its ends. */
export function rangeText({ from, to, rows }: CardRange): string {
  const tell = to - from < LONG_DAYS * 86_400_000 ? dateTime : date;
  return `${tell(from)} to ${tell(to)}, ${plural(rows, "row")}`;
}

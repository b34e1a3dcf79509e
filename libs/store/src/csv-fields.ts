import { civilFromDays, DAY_MS, daysFromCivil } from "@tradewind/core";

export const COMMA = 44;
export const LF = 10;
export const CR = 13;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
/** Powers of ten that are exact in float64. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** Where reading stands. A line feed lies ahead, so a scan for the end of a field always stops. */
export interface Cursor {
  readonly bytes: Uint8Array;
  pos: number;
}

function isFieldEnd(byte: number): boolean {
  return byte === COMMA || byte === LF || byte === CR;
}

/** Moves to the end of the field at the cursor: a comma or the end of the line. */
export function skipField(cursor: Cursor): void {
  const { bytes } = cursor;
  let p = cursor.pos;
  while (bytes[p] !== COMMA && bytes[p] !== LF) p++;
  if (bytes[p] === LF && p > cursor.pos && bytes[p - 1] === CR) p--;
  cursor.pos = p;
}

/** The text of the field at the cursor, without quotes and outer spaces. Moves to its end. */
export function readText(cursor: Cursor): string {
  const start = cursor.pos;
  skipField(cursor);
  const { buffer, byteOffset } = cursor.bytes;
  return Buffer.from(buffer, byteOffset + start, cursor.pos - start)
    .toString("utf8")
    .trim()
    .replace(/^"(.*)"$/, "$1")
    .trim();
}

/**
 * The number at the cursor, NaN when the field is not a plain decimal one. Moves to the field's end.
 * Digits up to 2^53 with up to 22 decimals are one exact integer over an exact power of ten, which IEEE division
 * rounds correctly (W. D. Clinger, "How to read floating point numbers accurately", 1990); the rest goes to `Number`.
 */
export function readNumber(cursor: Cursor): number {
  const { bytes } = cursor;
  let p = cursor.pos;
  const negative = bytes[p] === MINUS;
  if (negative) p++;
  let digits = 0;
  let integer = 0;
  let digit = bytes[p]! - ZERO;
  while (digit >= 0 && digit <= 9) {
    integer = integer * 10 + digit;
    digits++;
    digit = bytes[++p]! - ZERO;
  }
  let decimals = 0;
  if (digit === DOT - ZERO) {
    digit = bytes[++p]! - ZERO;
    while (digit >= 0 && digit <= 9) {
      integer = integer * 10 + digit;
      decimals++;
      digit = bytes[++p]! - ZERO;
    }
  }
  if (digits + decimals === 0 || !isFieldEnd(digit + ZERO) || integer > Number.MAX_SAFE_INTEGER || decimals > 22)
    return numberOf(readText(cursor));
  cursor.pos = p;
  const value = integer / POWERS[decimals]!;
  return negative ? -value : value;
}

function numberOf(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/;

/** Ms since the epoch of an ISO date or date-time, UTC where it names no zone; NaN for any other text. */
export function parseIsoTime(text: string): number {
  const match = ISO.exec(text);
  if (!match) return Number.NaN;
  const part = (i: number) => Number(match[i] ?? 0);
  const days = daysFromCivil(part(1), part(2), part(3));
  const date = civilFromDays(days);
  if (date.month !== part(2) || date.day !== part(3) || part(4) > 23 || part(5) > 59 || part(6) > 59) return Number.NaN;
  const ms = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3));
  const zone = /^([+-])(\d{2}):?(\d{2})$/.exec(match[8] ?? "");
  const offset = zone ? (zone[1] === "-" ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) * 60_000 : 0;
  return days * DAY_MS + part(4) * 3_600_000 + part(5) * 60_000 + part(6) * 1000 + ms - offset;
}

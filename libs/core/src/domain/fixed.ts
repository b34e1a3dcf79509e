import { Failure } from "../errors.ts";

/**
 * Money is fixed-point: bigint at 12 decimals (`Price`, `Qty`, `Money`, `Rate`), and `Exact` at 24,
 * in which every product price x quantity is exact. Float64 is for columns and statistics only;
 * `fromNumber` (values read), `fromComputed` (values worked out) and `toNumber` are the only conversions.
 */
declare const unit: unique symbol;
export type Price = bigint & { readonly [unit]: "Price" };
export type Qty = bigint & { readonly [unit]: "Qty" };
export type Money = bigint & { readonly [unit]: "Money" };
/** A dimensionless rate: fee, margin, funding. 0.0005 is 5 basis points. */
export type Rate = bigint & { readonly [unit]: "Rate" };
/** An amount at 24 decimals. */
export type Exact = bigint & { readonly [unit]: "Exact" };
type Fixed = Price | Qty | Money | Rate;

const DECIMALS = 12;
const EXACT_DECIMALS = 24;
/** One whole unit at 12 decimals. */
export const ONE = 10n ** 12n;
/** Float noise up to this share of the value is rounded away on import; more is refused. */
const NOISE_RELATIVE = 1e-9;
/** Digits kept of a computed float64. */
const SIGNIFICANT_DIGITS = 12;

export type Rounding = "down" | "up" | "halfEven";

/** Divides with a named rounding; `down` and `up` are towards and away from zero. `divisor` > 0. */
export function divide(value: bigint, divisor: bigint, rounding: Rounding): bigint {
  const quotient = value / divisor;
  const rest = value - quotient * divisor;
  if (rest === 0n || rounding === "down") return quotient;
  const away = value < 0n ? -1n : 1n;
  if (rounding === "up") return quotient + away;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const roundAway = twice > divisor || (twice === divisor && quotient % 2n !== 0n);
  return roundAway ? quotient + away : quotient;
}

/** Parses a decimal string such as "-12.5"; throws on more than `decimals` decimals or any other text. */
function parseDecimal(text: string, decimals: number, what: string): bigint {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) throw new Failure("input", "BAD_NUMBER", `${what}: "${text}" is not a decimal number`);
  const fraction = (match[3] ?? "").replace(/0+$/, "");
  if (fraction.length > decimals)
    throw new Failure("input", "TOO_MANY_DECIMALS", `${what}: "${text}" has more than ${decimals} decimals; round it first`);
  const digits = BigInt(match[2] + fraction.padEnd(decimals, "0"));
  return match[1] === "-" ? -digits : digits;
}

function formatDecimal(value: bigint, decimals: number): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, -decimals);
  const fraction = digits.slice(-decimals).replace(/0+$/, "");
  return (negative ? "-" : "") + whole + (fraction ? `.${fraction}` : "");
}

/** Parses a decimal string to 12 decimals. Throws `BAD_NUMBER`, `TOO_MANY_DECIMALS`. */
export function parseFixed<T extends Fixed>(text: string, what = "value"): T {
  return parseDecimal(text, DECIMALS, what) as T;
}

/**
 * A 12-decimal value in float64, where it is an integer of 1e-12, 1e-9 or 1e-6 below `bound` (at most 2^53): both
 * sides of the division are exact then, and its result is the nearest float64. Otherwise NaN.
 */
function quotient(value: bigint, bound: number): number {
  const pico = Number(value);
  if (Math.abs(pico) < bound) return pico / 1e12;
  const nano = value / 1_000n;
  if (nano * 1_000n === value && Math.abs(Number(nano)) < bound) return Number(nano) / 1e9;
  const micro = value / 1_000_000n;
  if (micro * 1_000_000n === value && Math.abs(Number(micro)) < bound) return Number(micro) / 1e6;
  return Number.NaN;
}

/** The shortest decimal string of a 12-decimal value. */
export function formatFixed(value: Fixed): string {
  // Up to 15 digits a float64 prints as exactly the decimal it was made from, without an exponent from 1e-6 on.
  const x = quotient(value, 1e15);
  return Math.abs(x) >= 1e-6 ? String(x) : formatDecimal(value, DECIMALS);
}

/** Parses a decimal string to 24 decimals. */
export function parseExact(text: string, what = "amount"): Exact {
  return parseDecimal(text, EXACT_DECIMALS, what) as Exact;
}

/** The shortest decimal string of a 24-decimal value. */
export function formatExact(value: Exact): string {
  return formatDecimal(value, EXACT_DECIMALS);
}

/** Plain digits of a finite number, without an exponent. */
function plainDigits(x: number): string {
  const text = String(x);
  if (!text.includes("e")) return text;
  const [mantissa, exponentText] = text.split("e") as [string, string];
  const exponent = Number(exponentText);
  const negative = mantissa.startsWith("-");
  const [whole, fraction = ""] = mantissa.replace("-", "").split(".") as [string, string?];
  const digits = whole + fraction;
  const point = whole.length + exponent;
  const body =
    point <= 0
      ? `0.${"0".repeat(-point)}${digits}`
      : point >= digits.length
        ? digits.padEnd(point, "0")
        : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return (negative ? "-" : "") + body;
}

/** Decimal digits as 12 decimals, rounded half-even where there are more. */
function roundDigits(text: string, what: string): bigint {
  const decimals = text.includes(".") ? text.length - text.indexOf(".") - 1 : 0;
  if (decimals <= DECIMALS) return parseDecimal(text, DECIMALS, what);
  return divide(parseDecimal(text, decimals, what), 10n ** BigInt(decimals - DECIMALS), "halfEven");
}

function assertFinite(x: number, what: string): void {
  if (!Number.isFinite(x)) throw new Failure("input", "NOT_FINITE", `${what}: ${x} is not a finite number`);
}

/**
 * The way from a float64 that was read to fixed-point. Rounds (half-even) noise below 1e-9 of the value;
 * throws `NOT_FINITE` on NaN and infinity and `TOO_MANY_DECIMALS` when rounding would lose more.
 */
export function fromNumber<T extends Fixed>(x: number, what = "value"): T {
  const scaled = Math.round(x * 1e8);
  // Up to 15 digits a decimal and its float64 name each other; beyond, several decimals share one.
  if (scaled / 1e8 === x && Math.abs(scaled) < 1e15) return (BigInt(scaled) * 10_000n) as T;
  assertFinite(x, what);
  const text = plainDigits(x);
  const rounded = roundDigits(text, what) as T;
  if (Math.abs(toNumber(rounded) - x) > NOISE_RELATIVE * Math.abs(x))
    throw new Failure("input", "TOO_MANY_DECIMALS", `${what}: ${text} has more than ${DECIMALS} decimals; round it first`);
  return rounded;
}

/**
 * The way from a float64 that was computed to fixed-point: 12 significant digits, for what lies beyond is noise
 * (0.1 x 82 is 8.2), then half-even to 12 decimals. Throws `NOT_FINITE`.
 */
export function fromComputed<T extends Fixed>(x: number, what = "value"): T {
  const micro = Math.round(x * 1e6);
  // Already of no more digits than that.
  if (micro / 1e6 === x && Math.abs(micro) < 1e12) return (BigInt(micro) * 1_000_000n) as T;
  assertFinite(x, what);
  return roundDigits(plainDigits(Number(x.toPrecision(SIGNIFICANT_DIGITS))), what) as T;
}

/** The nearest float64. */
export function toNumber(value: Fixed): number {
  const x = quotient(value, 2 ** 53);
  return x === x ? x : Number(formatDecimal(value, DECIMALS));
}

/** The nearest float64 of a 24-decimal amount. */
export function exactToNumber(value: Exact): number {
  const fixed = value / ONE;
  if (fixed * ONE === value) return toNumber(fixed as Money);
  return Number(formatDecimal(value, EXACT_DECIMALS));
}

/** Widens 12 decimals to 24. */
export function toExact(value: Fixed): Exact {
  return (value * ONE) as Exact;
}

/** Narrows 24 decimals to 12 with a named rounding. */
export function toMoney(value: Exact, rounding: Rounding): Money {
  return divide(value, ONE, rounding) as Money;
}

/** The multiple of `increment` (> 0) next to `value`, towards zero, away from it, or nearest. */
export function snap<T extends Price | Qty>(value: T, increment: T, rounding: Rounding): T {
  return (divide(value, increment, rounding) * increment) as T;
}

export function abs<T extends bigint>(value: T): T {
  return (value < 0n ? -value : value) as T;
}

export function min<T extends bigint>(a: T, b: T): T {
  return a < b ? a : b;
}

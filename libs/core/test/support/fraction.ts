import { ONE } from "../../src/domain/fixed.ts";

/** An exact fraction, `below` > 0, in lowest terms. */
export interface Fraction {
  readonly above: bigint;
  readonly below: bigint;
}

export function fraction(above: bigint, below = 1n): Fraction {
  const sign = below < 0n ? -1n : 1n;
  let a = above < 0n ? -above : above;
  let b = below * sign;
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? { above: 0n, below: 1n } : { above: (sign * above) / a, below: (sign * below) / a };
}

/** A 12-decimal value. */
export const fromFixed = (value: bigint): Fraction => fraction(value, ONE);
export const add = (a: Fraction, b: Fraction): Fraction => fraction(a.above * b.below + b.above * a.below, a.below * b.below);
export const subtract = (a: Fraction, b: Fraction): Fraction => fraction(a.above * b.below - b.above * a.below, a.below * b.below);
export const times = (a: Fraction, b: Fraction): Fraction => fraction(a.above * b.above, a.below * b.below);

/** Whether a 24-decimal amount lies within `units` of its last place of the fraction. */
export function close(exact: Fraction, amount: bigint, units: number): boolean {
  const difference = exact.above * ONE * ONE - amount * exact.below;
  return (difference < 0n ? -difference : difference) <= BigInt(units) * exact.below;
}

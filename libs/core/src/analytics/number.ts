/** `x`, or null where it is NaN or infinite: an undefined figure is null everywhere in the analytics. */
export function finiteOrNull(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}

/** `a / b`, or null where that is undefined or not finite. */
export function ratio(a: number, b: number): number | null {
  return b === 0 ? null : finiteOrNull(a / b);
}

/** Percent change from `from` to `to`, or null where `from` is not positive. */
export function changePct(from: number, to: number): number | null {
  return from > 0 ? finiteOrNull((to / from - 1) * 100) : null;
}

/** Arithmetic mean, or null of nothing. */
export function mean(values: ArrayLike<number>): number | null {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return ratio(total, values.length);
}

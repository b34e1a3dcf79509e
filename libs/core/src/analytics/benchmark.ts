import type { CandleColumns } from "../domain/candle.ts";
import { changePct } from "./number.ts";

/**
 * Value of `start` split evenly over the instruments at `times[0]` and held, without costs, at each of `times`
 * (close times, ms, ascending). An instrument's base is its close at `times[0]`, or its first one after it.
 * Shape: one value per time; all `start` when there are no candles.
 */
export function buyAndHold(times: Float64Array, start: number, columns: readonly CandleColumns[]): Float64Array {
  const held = columns.filter((one) => one.length > 0);
  const result = new Float64Array(times.length).fill(held.length === 0 ? start : 0);
  for (const one of held) {
    let row = -1;
    let base = 0;
    for (let i = 0; i < times.length; i++) {
      while (row + 1 < one.length && one.closeTime[row + 1]! <= times[i]!) row++;
      if (base === 0 && row >= 0) base = one.close[row]!;
      const growth = base > 0 ? one.close[row]! / base : 1;
      result[i] = result[i]! + (start / held.length) * growth;
    }
  }
  return result;
}

/** Percent return of a benchmark from its first to its last value; null when there is none. */
export function benchmarkReturnPct(values: Float64Array): number | null {
  return values.length === 0 ? null : changePct(values[0]!, values[values.length - 1]!);
}

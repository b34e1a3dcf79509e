import { defineIndicator, type Indicator } from "./indicator.ts";
import { periodSpec } from "./parameters.ts";
import { captureState, restoreState } from "./state.ts";

/**
 * Exponential moving average with weight k = 2 / (period + 1) (TA-Lib EMA).
 * Seed: the simple average of the first `period` values, which is also the first value given.
 */
export class Ema implements Indicator {
  private readonly period: number;
  private readonly weight: number;
  private count = 0;
  private first = NaN;
  /** Sum of the seed's distances from its first value, so that a flat seed is exact. */
  private sum = 0;
  value = NaN;

  constructor(period: number) {
    this.period = period;
    this.weight = 2 / (period + 1);
  }

  update(close: number): number {
    if (this.count < this.period) return this.seed(close);
    this.value += (close - this.value) * this.weight;
    return this.value;
  }

  private seed(close: number): number {
    if (this.count === 0) this.first = close;
    this.count++;
    this.sum += close - this.first;
    if (this.count === this.period) this.value = this.first + this.sum / this.period;
    return this.value;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state, "period");
  }
}

export const ema = defineIndicator({
  name: "ema",
  doc: "Exponential moving average, seeded with the simple average of its first period.",
  parameters: { period: periodSpec(20, "Candles; the weight of the newest is 2 / (period + 1).") },
  inputs: ["close"],
  outputs: ["value"],
  warmup: ({ period }) => period,
  create: ({ period }) => new Ema(period),
});

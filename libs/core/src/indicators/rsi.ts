import { defineIndicator, type Indicator } from "./indicator.ts";
import { periodSpec } from "./parameters.ts";
import { captureState, restoreState } from "./state.ts";

/**
 * Relative strength index, Wilder's smoothing (TA-Lib RSI): 100 x average gain / (average gain + average loss).
 * Seed: plain averages of the first `period` changes; an unchanged close counts as a change of 0.
 * When price has not moved at all the index is 50, not TA-Lib's 0: a dead market is neither oversold nor overbought,
 * and 0 would read as the strongest buy there is.
 */
export class Rsi implements Indicator {
  private readonly period: number;
  private changes = -1;
  private previous = NaN;
  private gain = 0;
  private loss = 0;
  value = NaN;

  constructor(period: number) {
    this.period = period;
  }

  update(close: number): number {
    const change = close - this.previous;
    this.previous = close;
    if (this.changes < this.period) this.seed(change);
    else this.smooth(change > 0 ? change : 0, change < 0 ? -change : 0);
    if (this.changes === this.period) {
      const total = this.gain + this.loss;
      this.value = total === 0 ? 50 : 100 * (this.gain / total);
    }
    return this.value;
  }

  private seed(change: number): void {
    this.changes++;
    if (change > 0) this.gain += change;
    else if (change < 0) this.loss -= change;
    if (this.changes < this.period) return;
    this.gain /= this.period;
    this.loss /= this.period;
  }

  private smooth(up: number, down: number): void {
    this.gain = (this.gain * (this.period - 1) + up) / this.period;
    this.loss = (this.loss * (this.period - 1) + down) / this.period;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state, "period");
  }
}

export const rsi = defineIndicator({
  name: "rsi",
  doc: "Relative strength index (Wilder), 0..100; 50 when price has not moved.",
  parameters: { period: periodSpec(14, "Changes averaged by Wilder's smoothing.") },
  inputs: ["close"],
  outputs: ["value"],
  warmup: ({ period }) => period + 1,
  create: ({ period }) => new Rsi(period),
});

import { defineIndicator, type Indicator } from "./indicator.ts";
import { periodSpec } from "./parameters.ts";
import { captureState, restoreState } from "./state.ts";

/**
 * Average true range, Wilder's smoothing (TA-Lib ATR). The true range needs the previous close, so the first candle
 * has none; seed: the plain average of the first `period` true ranges, given on candle `period + 1`.
 */
export class Atr implements Indicator {
  private readonly period: number;
  private ranges = -1;
  private previous = NaN;
  private sum = 0;
  value = NaN;

  constructor(period: number) {
    this.period = period;
  }

  update(high: number, low: number, close: number): number {
    const range = Math.max(high, this.previous) - Math.min(low, this.previous);
    this.previous = close;
    if (this.ranges < this.period) return this.seed(range);
    this.value = (this.value * (this.period - 1) + range) / this.period;
    return this.value;
  }

  private seed(range: number): number {
    this.ranges++;
    if (this.ranges > 0) this.sum += range;
    if (this.ranges === this.period) this.value = this.sum / this.period;
    return this.value;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state, "period");
  }
}

export const atr = defineIndicator({
  name: "atr",
  doc: "Average true range (Wilder), in units of price.",
  parameters: { period: periodSpec(14, "True ranges averaged by Wilder's smoothing.") },
  inputs: ["high", "low", "close"],
  outputs: ["value"],
  warmup: ({ period }) => period + 1,
  create: ({ period }) => new Atr(period),
});

import { defineIndicator, type Indicator } from "./indicator.ts";
import { captureState, restoreState } from "./state.ts";

/**
 * On-balance volume (TA-Lib OBV): volume added on a higher close, taken off on a lower one, left alone on an equal
 * one. It starts with the first candle's volume; only its changes mean something, its level is arbitrary.
 */
export class Obv implements Indicator {
  private previous = NaN;
  value = NaN;

  update(close: number, volume: number): number {
    if (this.previous !== this.previous) this.value = volume;
    else if (close > this.previous) this.value += volume;
    else if (close < this.previous) this.value -= volume;
    this.previous = close;
    return this.value;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state);
  }
}

export const obv = defineIndicator({
  name: "obv",
  doc: "On-balance volume.",
  parameters: {},
  inputs: ["close", "volume"],
  outputs: ["value"],
  warmup: () => 1,
  create: () => new Obv(),
});

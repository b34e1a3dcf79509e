import { defineIndicator, type Indicator } from "./indicator.ts";
import { periodSpec } from "./parameters.ts";
import { captureState, restoreState } from "./state.ts";
import { Window } from "./window.ts";

/**
 * Rate of change in percent against the close `period` candles ago (TA-Lib ROC): 100 x (close / past - 1), 0 when the
 * past close is 0. `momentum` is the plain difference (TA-Lib MOM).
 */
export class Roc implements Indicator {
  private readonly window: Window;
  value = NaN;
  momentum = NaN;

  constructor(period: number) {
    this.window = new Window(period);
  }

  update(close: number): number {
    if (this.window.full) {
      const past = this.window.oldest;
      this.momentum = close - past;
      this.value = past === 0 ? 0 : 100 * (close / past - 1);
    }
    this.window.push(close);
    return this.value;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state);
  }
}

export const roc = defineIndicator({
  name: "roc",
  doc: "Rate of change in percent, and momentum in units of price, over a number of candles.",
  parameters: { period: periodSpec(10, "Candles looked back.") },
  inputs: ["close"],
  outputs: ["value", "momentum"],
  warmup: ({ period }) => period + 1,
  create: ({ period }) => new Roc(period),
});

import { defineIndicator, type Indicator } from "./indicator.ts";
import { periodSpec } from "./parameters.ts";
import { captureState, restoreState } from "./state.ts";
import { Window } from "./window.ts";

/** Population standard deviation of the last `period` values (TA-Lib STDDEV, 1 deviation); exactly 0 when they are equal. */
export class StandardDeviation implements Indicator {
  private readonly window: Window;
  value = NaN;

  constructor(period: number) {
    this.window = new Window(period);
  }

  update(close: number): number {
    this.window.push(close);
    if (this.window.full) {
      this.window.measure();
      this.value = this.window.deviation;
    }
    return this.value;
  }

  /** Mean of the same values. */
  get mean(): number {
    return this.window.mean;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state);
  }
}

export const stddev = defineIndicator({
  name: "stddev",
  doc: "Population standard deviation.",
  parameters: { period: periodSpec(20, "Candles looked at.") },
  inputs: ["close"],
  outputs: ["value"],
  warmup: ({ period }) => period,
  create: ({ period }) => new StandardDeviation(period),
});

import { defineIndicator, type Indicator } from "./indicator.ts";
import { periodSpec } from "./parameters.ts";
import { captureState, restoreState } from "./state.ts";
import { Window } from "./window.ts";

/** Simple moving average of the last `period` values; speaks from value `period` on. Time per update grows with the period. */
export class Sma implements Indicator {
  private readonly window: Window;
  value = NaN;

  constructor(period: number) {
    this.window = new Window(period);
  }

  update(close: number): number {
    this.window.push(close);
    if (this.window.full) this.value = this.window.average();
    return this.value;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state);
  }
}

export const sma = defineIndicator({
  name: "sma",
  doc: "Simple moving average.",
  parameters: { period: periodSpec(20, "Candles averaged.") },
  inputs: ["close"],
  outputs: ["value"],
  warmup: ({ period }) => period,
  create: ({ period }) => new Sma(period),
});

import { defineIndicator, type Indicator } from "./indicator.ts";
import { periodSpec } from "./parameters.ts";
import { captureState, restoreState } from "./state.ts";
import { Window } from "./window.ts";

/**
 * Money flow index (TA-Lib MFI): 100 x positive flow / all flow over the last `period` candles. A candle's flow is
 * typical price x volume, positive when the typical price rose, negative when it fell; an equal typical price
 * carries no flow. Without any flow (no volume, or a flat price) the index is 50, for the reason given at `Rsi`.
 * Flows are summed over the exact window.
 */
export class Mfi implements Indicator {
  private readonly flows: Window;
  private previous = NaN;
  value = NaN;

  constructor(period: number) {
    this.flows = new Window(period);
  }

  update(high: number, low: number, close: number, volume: number): number {
    const typical = (high + low + close) / 3;
    const previous = this.previous;
    this.previous = typical;
    if (previous !== previous) return NaN;
    this.flows.push(typical > previous ? typical * volume : typical < previous ? -typical * volume : 0);
    if (this.flows.full) {
      const share = this.flows.positiveShare();
      this.value = share === share ? 100 * share : 50;
    }
    return this.value;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state);
  }
}

export const mfi = defineIndicator({
  name: "mfi",
  doc: "Money flow index, 0..100; 50 without flow.",
  parameters: { period: periodSpec(14, "Candles whose flow is summed.") },
  inputs: ["high", "low", "close", "volume"],
  outputs: ["value"],
  warmup: ({ period }) => period + 1,
  create: ({ period }) => new Mfi(period),
});

import { defineIndicator, type Indicator } from "./indicator.ts";
import { numberSpec, periodSpec } from "./parameters.ts";
import { captureState, restoreState } from "./state.ts";
import { Window } from "./window.ts";

/**
 * Bollinger bands: `middle` = simple average, `upper` and `lower` = middle +- deviations x population standard
 * deviation (TA-Lib BBANDS), `percentB` = (close - lower) / (upper - lower), `bandwidth` = (upper - lower) / middle.
 * Summed over the exact window. On a flat window the bands meet, the bandwidth is 0 and `percentB` is 0.5.
 */
export class Bollinger implements Indicator {
  private readonly window: Window;
  private readonly deviations: number;
  middle = NaN;
  upper = NaN;
  lower = NaN;
  percentB = NaN;
  bandwidth = NaN;

  constructor(period: number, deviations: number) {
    this.window = new Window(period);
    this.deviations = deviations;
  }

  update(close: number): number {
    this.window.push(close);
    if (!this.window.full) return NaN;
    this.window.measure();
    const reach = this.deviations * this.window.deviation;
    this.middle = this.window.mean;
    this.upper = this.middle + reach;
    this.lower = this.middle - reach;
    this.percentB = reach > 0 ? 0.5 + (close - this.middle) / (2 * reach) : 0.5;
    this.bandwidth = (2 * reach) / this.middle;
    return this.middle;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state, "deviations");
  }
}

export const bollinger = defineIndicator({
  name: "bollinger",
  doc: "Bollinger bands, %B and bandwidth.",
  parameters: {
    period: periodSpec(20, "Candles averaged.", 2),
    deviations: numberSpec(2, 0.01, 100, "Standard deviations from the middle to a band."),
  },
  inputs: ["close"],
  outputs: ["middle", "upper", "lower", "percentB", "bandwidth"],
  warmup: ({ period }) => period,
  create: ({ period, deviations }) => new Bollinger(period, deviations),
});

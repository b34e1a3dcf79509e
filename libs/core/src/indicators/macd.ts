import { inputFailure } from "../errors.ts";
import { Ema } from "./ema.ts";
import { defineIndicator, type Indicator } from "./indicator.ts";
import { periodSpec } from "./parameters.ts";
import { captureState, restoreState } from "./state.ts";

/**
 * Moving average convergence/divergence (TA-Lib MACD): `macd` = fast EMA - slow EMA, `signal` = EMA of `macd`,
 * `histogram` = `macd` - `signal`. As in TA-Lib both averages give their first value on candle `slow`: the fast
 * one is seeded with the `fast` candles that end there. The line speaks from candle `slow`, signal and histogram
 * from candle `slow + signal - 1`. A flat price gives exactly 0 for all three.
 */
export class Macd implements Indicator {
  private readonly fast: Ema;
  private readonly slow: Ema;
  private readonly smoothed: Ema;
  /** Candles that only the slow average takes. */
  private skip: number;
  macd = NaN;
  signal = NaN;
  histogram = NaN;

  constructor(fast: number, slow: number, signal: number) {
    if (fast >= slow) throw inputFailure("BAD_PARAMETER", `macd: the fast period ${fast} must be shorter than the slow one, ${slow}`);
    this.fast = new Ema(fast);
    this.slow = new Ema(slow);
    this.smoothed = new Ema(signal);
    this.skip = slow - fast;
  }

  update(close: number): number {
    const slow = this.slow.update(close);
    if (this.skip > 0) {
      this.skip--;
      return NaN;
    }
    this.macd = this.fast.update(close) - slow;
    if (slow === slow) {
      this.signal = this.smoothed.update(this.macd);
      this.histogram = this.macd - this.signal;
    }
    return this.macd;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state);
  }
}

export const macd = defineIndicator({
  name: "macd",
  doc: "Moving average convergence/divergence, in units of price.",
  parameters: {
    fast: periodSpec(12, "Candles of the fast average; shorter than the slow one."),
    slow: periodSpec(26, "Candles of the slow average.", 2),
    signal: periodSpec(9, "Candles of the signal average."),
  },
  inputs: ["close"],
  outputs: ["macd", "signal", "histogram"],
  warmup: ({ slow, signal }) => slow + signal - 1,
  create: ({ fast, slow, signal }) => new Macd(fast, slow, signal),
});

import { Macd } from "../indicators/macd.ts";
import { numberSpec, periodSpec } from "../indicators/parameters.ts";
import { defineStrategy, statefulStrategy } from "./define.ts";
import { SignChange } from "./gates.ts";
import { buy, confidenceBeyond, HOLD, sell } from "./views.ts";

/**
 * Follows a turn: BUY once when the histogram has turned positive and |histogram| / close has reached `threshold`, SELL
 * once when it has turned negative. A turn that reverts before the threshold is dropped. The histogram's first sign
 * after warm-up is not a turn.
 */
export const macd = defineStrategy({
  name: "macd",
  doc: "Sign change of the MACD histogram, confirmed by its size relative to the close.",
  parameters: {
    fast_period: periodSpec(12, "Candles of the fast average; fewer than the slow one."),
    slow_period: periodSpec(26, "Candles of the slow average.", 2),
    signal_period: periodSpec(9, "Candles of the signal average."),
    threshold: numberSpec(0.0001, 0, 1, "Least |histogram| / close of a turn: 0.0001 is one basis point of price; 0 takes every turn."),
  },
  warmup: (p) => p.slow_period + p.signal_period - 1,
  create: (p) => {
    const initial = { macd: new Macd(p.fast_period, p.slow_period, p.signal_period), turn: new SignChange(p.threshold, false) };
    return statefulStrategy(initial, (state, candle) => {
      state.macd.update(candle.close);
      const size = state.macd.histogram / candle.close;
      if (size !== size) return undefined;
      const direction = state.turn.update(size);
      if (direction === 0) return HOLD;
      const reason = `macd: histogram turned to ${(size * 1e4).toFixed(2)} bp of the close, threshold ${p.threshold * 1e4} bp`;
      const options = { confidence: confidenceBeyond(size, p.threshold) };
      return direction > 0 ? buy(reason, options) : sell(reason, options);
    });
  },
});

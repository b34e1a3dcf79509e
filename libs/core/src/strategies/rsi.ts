import { inputFailure } from "../errors.ts";
import { numberSpec, periodSpec } from "../indicators/parameters.ts";
import { Rsi } from "../indicators/rsi.ts";
import { defineStrategy, statefulStrategy } from "./define.ts";
import { Extremes } from "./gates.ts";
import { buy, confidenceWithin, HOLD, sell } from "./views.ts";

/**
 * Reversion: BUY when RSI reaches `oversold`, SELL when it reaches `overbought`. After a BUY the next one needs
 * RSI / 100 above `lower_threshold` in between, after a SELL the next one RSI / 100 below `upper_threshold`; a level
 * inside the extreme counts as the extreme's edge.
 */
export const rsi = defineStrategy({
  name: "rsi",
  doc: "Relative strength index (Wilder) against oversold and overbought levels, once per excursion.",
  parameters: {
    rsi_period: periodSpec(14, "Candles of the index."),
    overbought: numberSpec(70, 0, 100, "SELL at or above this RSI."),
    oversold: numberSpec(30, 0, 100, "BUY at or below this RSI."),
    upper_threshold: numberSpec(0.6, 0, 1, "After a SELL the next one needs RSI / 100 below this."),
    lower_threshold: numberSpec(0.4, 0, 1, "After a BUY the next one needs RSI / 100 above this."),
  },
  warmup: (p) => p.rsi_period + 1,
  create: (p) => {
    if (p.oversold >= p.overbought)
      throw inputFailure("BAD_PARAMETER", `strategy rsi: oversold is ${p.oversold}; it must be below overbought, ${p.overbought}`);
    const gate = new Extremes(p.oversold, p.overbought, p.lower_threshold * 100, p.upper_threshold * 100);
    return statefulStrategy({ rsi: new Rsi(p.rsi_period), gate }, (state, candle) => {
      const value = state.rsi.update(candle.close);
      if (value !== value) return undefined;
      const direction = state.gate.update(value);
      if (direction === 0) return HOLD;
      if (direction > 0)
        return buy(`rsi: ${value.toFixed(1)} <= oversold ${p.oversold}`, { confidence: confidenceWithin(value, p.oversold, 0) });
      return sell(`rsi: ${value.toFixed(1)} >= overbought ${p.overbought}`, { confidence: confidenceWithin(value, p.overbought, 100) });
    });
  },
});

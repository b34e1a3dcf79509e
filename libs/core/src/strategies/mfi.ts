import { inputFailure } from "../errors.ts";
import { Mfi } from "../indicators/mfi.ts";
import { numberSpec, periodSpec } from "../indicators/parameters.ts";
import { defineStrategy, statefulStrategy } from "./define.ts";
import { Extremes } from "./gates.ts";
import { buy, confidenceWithin, HOLD, sell } from "./views.ts";

/** Reversion: BUY when the money flow index reaches `oversold`, SELL when it reaches `overbought`, again only after it left. */
export const mfi = defineStrategy({
  name: "mfi",
  doc: "Money flow index against oversold and overbought levels, once per excursion.",
  parameters: {
    period: periodSpec(14, "Candles of the index."),
    oversold: numberSpec(20, 0, 100, "BUY at or below this index."),
    overbought: numberSpec(80, 0, 100, "SELL at or above this index."),
  },
  warmup: (p) => p.period + 1,
  create: (p) => {
    if (p.oversold >= p.overbought)
      throw inputFailure("BAD_PARAMETER", `strategy mfi: oversold is ${p.oversold}; it must be below overbought, ${p.overbought}`);
    return statefulStrategy({ mfi: new Mfi(p.period), gate: new Extremes(p.oversold, p.overbought) }, (state, candle) => {
      const value = state.mfi.update(candle.high, candle.low, candle.close, candle.volume);
      if (value !== value) return undefined;
      const direction = state.gate.update(value);
      if (direction === 0) return HOLD;
      if (direction > 0)
        return buy(`mfi: ${value.toFixed(1)} <= oversold ${p.oversold}`, { confidence: confidenceWithin(value, p.oversold, 0) });
      return sell(`mfi: ${value.toFixed(1)} >= overbought ${p.overbought}`, { confidence: confidenceWithin(value, p.overbought, 100) });
    });
  },
});

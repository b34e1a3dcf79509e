import { numberSpec, periodSpec } from "../indicators/parameters.ts";
import { Roc } from "../indicators/roc.ts";
import { StandardDeviation } from "../indicators/stddev.ts";
import { defineStrategy, statefulStrategy } from "./define.ts";
import { buy, confidenceBeyond, HOLD, sell } from "./views.ts";

/**
 * Follows a move: BUY on every candle whose change over the lookback is at least `threshold_buy` percent, SELL on
 * every one whose fall is at least `threshold_sell` percent, which may be written as -0.5 or 0.5. With a volatility
 * filter it keeps quiet while the population standard deviation of the one-candle returns over the lookback is lower.
 */
export const momentum = defineStrategy({
  name: "momentum",
  doc: "Percent change over a lookback against a buy and a sell threshold, with a filter on volatility.",
  parameters: {
    lookback_period: periodSpec(20, "Candles looked back.", 2),
    threshold_buy: numberSpec(0.5, 0, 1_000, "BUY from this rise on, percent over the lookback."),
    threshold_sell: numberSpec(-0.5, -100, 100, "SELL from this fall on, percent over the lookback; 0.5 and -0.5 mean the same."),
    volatility_filter: numberSpec(0, 0, 100, "Least standard deviation of one-candle returns, percent; 0 turns the filter off."),
  },
  warmup: (p) => p.lookback_period + 1,
  create: (p) => {
    const buyFrom = p.threshold_buy;
    const sellFrom = -Math.abs(p.threshold_sell);
    const filter = p.volatility_filter;
    const initial = { change: new Roc(p.lookback_period), step: new Roc(1), volatility: new StandardDeviation(p.lookback_period) };
    return statefulStrategy(initial, (state, candle) => {
      const change = state.change.update(candle.close);
      if (filter > 0) {
        const step = state.step.update(candle.close);
        if (step === step) state.volatility.update(step);
      }
      if (change !== change) return undefined;
      if (filter > 0 && state.volatility.value < filter) return HOLD;
      const rises = change > 0 && change >= buyFrom;
      if (!rises && !(change < 0 && change <= sellFrom)) return HOLD;
      const limit = rises ? buyFrom : sellFrom;
      const reason = `momentum: ${change.toFixed(3)}% over ${p.lookback_period} candles, limit ${limit}%`;
      const options = { confidence: confidenceBeyond(change, limit) };
      return rises ? buy(reason, options) : sell(reason, options);
    });
  },
});

/** SMA 10/30: BUY when the fast average crosses above the slow one, SELL when it crosses below. */
export default (kit) => ({
  name: "sma_cross",
  doc: "Crossing of two simple averages, with optional stop and target in percent of the signal bar's close.",
  parameters: {
    fast: { type: "integer", default: 10, min: 1, max: 1000, doc: "Candles of the fast average." },
    slow: { type: "integer", default: 30, min: 2, max: 1000, doc: "Candles of the slow average." },
  },
  warmup: ({ slow }) => slow,
  create: ({ fast, slow }) =>
    kit.strategy({ fast: kit.indicators.sma({ period: fast }), slow: kit.indicators.sma({ period: slow }), gap: 0 }, (state, candle) => {
      const before = state.gap;
      state.gap = state.fast.update(candle.close) - state.slow.update(candle.close);
      if (Number.isNaN(state.gap)) return undefined;
      if (before < 0 && state.gap > 0) return kit.views.buy("crossed above");
      if (before > 0 && state.gap < 0) return kit.views.sell("crossed below");
      return kit.views.hold;
    }),
});

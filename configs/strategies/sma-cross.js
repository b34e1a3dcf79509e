// A strategy of your own: a file that exports one function. It receives the kit and imports nothing; what it returns
// says what the strategy is called, which parameters it takes and how it answers a closed candle.
// configs/variants/sma_cross_example.json runs it.
export default (kit) => ({
  name: "sma_cross",
  doc: "BUY when the fast average crosses above the slow one, SELL when it crosses below.",
  // Checked, and filled in from `default`, before `create` gets them. A variant sets them in strategy_config.
  parameters: {
    fast: { type: "integer", default: 20, min: 1, max: 1000, doc: "Candles of the fast average." },
    slow: { type: "integer", default: 60, min: 2, max: 1000, doc: "Candles of the slow average." },
  },
  // Candles until it can speak.
  warmup: ({ slow }) => slow,
  create: ({ fast, slow }) =>
    // All that changes from candle to candle lives in the state; restarts and snapshots are then taken care of.
    kit.strategy(
      { fast: kit.indicators.sma({ period: fast }), slow: kit.indicators.sma({ period: slow }), gap: Number.NaN },
      (state, candle) => {
        const before = state.gap;
        state.gap = state.fast.update(candle.close) - state.slow.update(candle.close);
        // Without an opinion yet: the averages are not full.
        if (Number.isNaN(state.gap)) return undefined;
        if (before <= 0 && state.gap > 0) return kit.views.buy("fast average crossed above the slow one");
        if (before >= 0 && state.gap < 0) return kit.views.sell("fast average crossed below the slow one");
        return kit.views.hold;
      },
    ),
});

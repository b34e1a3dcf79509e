import { loadStrategy, type StrategyFile } from "@tradewind/core";

/** A strategy as a user writes it, in a file that imports nothing and receives the kit. */
const file: StrategyFile = (kit) => ({
  name: "ema_cross",
  doc: "BUY when the fast exponential average crosses above the slow one, SELL when it crosses below.",
  parameters: {
    fast: { type: "integer", default: 30, min: 1, max: 1000, doc: "Candles of the fast average." },
    slow: { type: "integer", default: 240, min: 2, max: 10_000, doc: "Candles of the slow average." },
  },
  warmup: ({ slow }) => Number(slow),
  create: ({ fast, slow }) =>
    kit.strategy(
      { fast: kit.indicators.ema({ period: fast! }), slow: kit.indicators.ema({ period: slow! }), gap: Number.NaN },
      (state, candle) => {
        const before = state.gap;
        state.gap = state.fast.update(candle.close) - state.slow.update(candle.close);
        if (Number.isNaN(state.gap)) return undefined;
        if (before <= 0 && state.gap > 0) return kit.views.buy("fast above slow");
        if (before >= 0 && state.gap < 0) return kit.views.sell("fast below slow");
        return kit.views.hold;
      },
    ),
});

export const emaCross = loadStrategy(file, "test/bench/ema-cross.ts");

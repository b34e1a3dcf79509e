/** Turns on every candle, so that every close leads to orders: the road from candle to intent is what is measured. */
export default (kit) => ({
  name: "flip",
  doc: "BUY and SELL in turn.",
  parameters: { every: { type: "integer", default: 1, min: 1, max: 1_000_000, doc: "Candles between two turns." } },
  warmup: () => 1,
  create: ({ every }) =>
    kit.strategy({ count: 0 }, (state) => {
      state.count += 1;
      if (state.count % every !== 0) return kit.views.hold;
      return (state.count / every) % 2 === 1 ? kit.views.buy("flip") : kit.views.sell("flip");
    }),
});

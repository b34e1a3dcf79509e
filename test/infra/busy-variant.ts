/** A paper variant that trades much: a close a second in a market 60 times as fast, and small moves are enough. */
export const busyVariant = (symbol: string) => ({
  variants: { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "futures" },
  strategy_config: { lookback_period: 2, threshold_buy: 0.01, threshold_sell: -0.01 },
  trading_symbols: { futures: [symbol] },
  risk_settings: { stop_loss_pct: 0.5, take_profit_pct: 0.5, max_daily_loss_pct: null, max_drawdown_pct: null },
  timeframes: ["1m"],
});

import { Counter, Gauge, type Registry } from "prom-client";

/** What market-data counts beside what every service does. */
export interface MarketMetrics {
  readonly candles: Counter<"timeframe">;
  readonly gaps: Counter<"timeframe">;
  readonly features: Counter;
  /** Wall time by which the newest candle came after its close, seconds. */
  readonly feedLag: Gauge<"venue" | "instrument">;
  readonly kept: Counter<"timeframe">;
}

export function createMarketMetrics(registry: Registry): MarketMetrics {
  const registers = [registry];
  const byTimeframe = ["timeframe"] as const;
  return {
    candles: new Counter({ name: "tradewind_candles_total", help: "Closed candles published.", labelNames: byTimeframe, registers }),
    gaps: new Counter({ name: "tradewind_candle_gaps_total", help: "Gaps in candles published.", labelNames: byTimeframe, registers }),
    features: new Counter({ name: "tradewind_features_total", help: "Feature matrices published.", registers }),
    feedLag: new Gauge({
      name: "tradewind_feed_lag_seconds",
      help: "Wall time from the newest candle's close to its taking.",
      labelNames: ["venue", "instrument"],
      registers,
    }),
    kept: new Counter({
      name: "tradewind_candles_stored_total",
      help: "Candles written to the store.",
      labelNames: byTimeframe,
      registers,
    }),
  };
}

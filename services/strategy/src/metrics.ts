import { Counter, type Registry } from "prom-client";

/** What this service counts beside what every service does. */
export interface StrategyMetrics {
  /** Words of members, by what they say: BUY, SELL, HOLD, abstain. */
  readonly words: Counter<"variant" | "action">;
  /** Members whose strategy threw. */
  readonly failures: Counter<"variant" | "source">;
}

export function createStrategyMetrics(registry: Registry): StrategyMetrics {
  const registers = [registry];
  return {
    words: new Counter({
      name: "tradewind_member_words_total",
      help: "Signals and abstentions of strategy members.",
      labelNames: ["variant", "action"],
      registers,
    }),
    failures: new Counter({
      name: "tradewind_strategy_failures_total",
      help: "Strategies that threw and abstain from then on.",
      labelNames: ["variant", "source"],
      registers,
    }),
  };
}

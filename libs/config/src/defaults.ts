/**
 * Every default of a variant file, in this one place, under the names of the file. What depends on a
 * broker (symbols, fees, ticks, margins) is in that broker's table under instruments/; what depends on a
 * strategy is in its parameter table in the core.
 */
export const defaults = {
  version: "1.0.0",
  test_mode: true,
  risk_settings: {
    max_position_size: 5_000,
    risk_per_trade: 0.01,
    stop_loss_pct: 2,
    take_profit_pct: 4,
    max_total_exposure: 10_000,
    max_concurrent_positions: 5,
    max_daily_loss_pct: 5,
    max_drawdown_pct: 20,
    leverage: 1,
    trailing_stop_pct: null,
  },
  account: { starting_balance: 10_000 },
  sizing: { method: "risk" },
  costs: { spread_bps: 1, slippage_bps: 1 },
  fills: { latency_ms: 0, max_volume_share: null, at_end: "keep" },
  decision: { threshold: 0.2, every_closes: 1, valid_for_closes: 1, learning_rate: 0, weight_floor: 0.05, regimes: "none" },
  exits: { max_hold_closes: null },
  protection: { lookback_minutes: 1_440, lock_minutes: 60, count: 1, limit_pct: 0 },
  weight: 1,
  timeframe: "1m",
} as const;

/** The environment reference that stands for a credential which the file does not name: `${BYBIT_API_KEY}`. */
export function defaultReference(broker: string, part: "api_key" | "api_secret" | "passphrase"): string {
  return `\${${broker.toUpperCase()}_${part.toUpperCase()}}`;
}

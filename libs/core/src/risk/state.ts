/**
 * ACTIVE trades; REDUCING only closes, and clears itself when its technical cause is gone;
 * HALTED only closes, after a loss, a drawdown or an operator, and a person clears it.
 */
export type TradingState = "ACTIVE" | "REDUCING" | "HALTED";

const severity: Record<TradingState, number> = { ACTIVE: 0, REDUCING: 1, HALTED: 2 };

/** The stricter of two states. */
export function stricter(a: TradingState, b: TradingState): TradingState {
  return severity[a] >= severity[b] ? a : b;
}

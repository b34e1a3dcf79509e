import type { InstrumentKind } from "../domain/instrument.ts";

/**
 * Price at which an isolated-margin position's equity falls to `maintenance` of its notional:
 * margin + unrealised profit = maintenance x notional, solved for the price. With `maintenance` 0 it is the
 * bankruptcy price, where the margin is gone. Linear long: entry (1 - 1/L) / (1 - m); linear short:
 * entry (1 + 1/L) / (1 + m); inverse long: entry (1 + m) / (1 + 1/L); inverse short: entry (1 - m) / (1 - 1/L).
 * Returns 0 or Infinity where no price liquidates (spot, or leverage 1 on the unbounded side).
 */
export function liquidationPrice(kind: InstrumentKind, long: boolean, entry: number, leverage: number, maintenance: number): number {
  const margin = 1 / leverage;
  if (kind === "spot") return long ? 0 : Infinity;
  if (kind === "linear") return long ? (entry * (1 - margin)) / (1 - maintenance) : (entry * (1 + margin)) / (1 + maintenance);
  if (long) return (entry * (1 + maintenance)) / (1 + margin);
  return margin >= 1 ? Infinity : (entry * (1 - maintenance)) / (1 - margin);
}

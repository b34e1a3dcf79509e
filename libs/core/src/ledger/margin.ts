import { abs, divide, ONE, toNumber, type Price, type Rate } from "../domain/fixed.ts";
import type { Instrument, InstrumentKind } from "../domain/instrument.ts";
import type { Position } from "./position.ts";

/** Share of notional that opening a position ties up: 1 on spot, else 1 / leverage or the venue's own minimum. */
export function marginRate(instrument: Instrument, leverage: number): number {
  if (instrument.kind === "spot") return 1;
  return Math.max(1 / leverage, toNumber(instrument.initialMargin));
}

/**
 * Price at which an isolated-margin position's equity falls to `maintenance` of its notional:
 * margin + unrealised profit = maintenance x notional, solved for the price, `margin` being the share of the entry
 * value put up. Linear long: entry (1 - 1/L) / (1 - m); linear short: entry (1 + 1/L) / (1 + m);
 * inverse long: entry (1 + m) / (1 + 1/L); inverse short: entry (1 - m) / (1 - 1/L).
 * Returns 0 or Infinity where no price liquidates (spot, or leverage 1 on the unbounded side).
 */
export function liquidationPrice(kind: InstrumentKind, long: boolean, entry: number, leverage: number, maintenance: number): number {
  const margin = 1 / leverage;
  if (kind === "spot") return long ? 0 : Infinity;
  if (kind === "linear") return long ? (entry * (1 - margin)) / (1 - maintenance) : (entry * (1 + margin)) / (1 + maintenance);
  if (long) return (entry * (1 + maintenance)) / (1 + margin);
  return margin >= 1 ? Infinity : (entry * (1 - maintenance)) / (1 - margin);
}

/**
 * Price at which closing the whole position loses exactly its margin (`rate` x entry value), to 1e-12 towards the
 * entry, so that never more than the margin is lost. Only for positions that `liquidationPrice` gives a price for.
 */
export function bankruptcyPrice(instrument: Instrument, position: Position, rate: Rate): Price {
  const long = position.qty > 0n;
  const entryValue = abs(position.cost);
  const margin = (entryValue * rate) / ONE;
  const units = abs(position.qty) * instrument.multiplier;
  const towardsEntry = long ? "up" : "down";
  if (instrument.kind === "inverse") return divide(units * ONE, long ? entryValue + margin : entryValue - margin, towardsEntry) as Price;
  return divide((long ? entryValue - margin : entryValue + margin) * ONE, units, towardsEntry) as Price;
}

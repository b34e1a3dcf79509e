import { mean, ratio } from "./number.ts";
import type { RoundTrip } from "./trips.ts";

/** Statistics over round trips. Amounts in the settle currency; null where undefined (no trades, no losses). */
export interface TradeStats {
  readonly count: number;
  readonly wins: number;
  readonly losses: number;
  readonly winRatePct: number | null;
  /** Sum of the winning returns / sum of the losing ones. */
  readonly profitFactor: number | null;
  /** Mean profit of a trade. */
  readonly expectancy: number | null;
  /** Mean return of a trade. */
  readonly expectancyPct: number | null;
  readonly averageWinPct: number | null;
  readonly averageLossPct: number | null;
  readonly bestPct: number | null;
  readonly worstPct: number | null;
  readonly averageBars: number | null;
  readonly averageHoldMs: number | null;
  readonly longestWinningStreak: number;
  readonly longestLosingStreak: number;
}

/**
 * A trade wins with pnl > 0 and loses with pnl < 0. The profit factor is taken on trade returns, not on
 * amounts, so it does not grow with the account. Source: backtesting.py `compute_stats`.
 */
export function tradeStats(trips: readonly RoundTrip[]): TradeStats {
  const wins = trips.filter((trip) => trip.pnl > 0);
  const losses = trips.filter((trip) => trip.pnl < 0);
  const returns = trips.map((trip) => trip.returnPct);
  const total = (some: readonly RoundTrip[]) => some.reduce((sum, trip) => sum + trip.returnPct, 0);
  const winRate = ratio(wins.length, trips.length);
  return {
    count: trips.length,
    wins: wins.length,
    losses: losses.length,
    winRatePct: winRate === null ? null : winRate * 100,
    profitFactor: ratio(total(wins), Math.abs(total(losses))),
    expectancy: mean(trips.map((trip) => trip.pnl)),
    expectancyPct: mean(returns),
    averageWinPct: ratio(total(wins), wins.length),
    averageLossPct: ratio(total(losses), losses.length),
    bestPct: trips.length > 0 ? returns.reduce((a, b) => Math.max(a, b)) : null,
    worstPct: trips.length > 0 ? returns.reduce((a, b) => Math.min(a, b)) : null,
    averageBars: mean(trips.flatMap((trip) => trip.bars ?? [])),
    averageHoldMs: mean(trips.map((trip) => trip.exitTime - trip.entryTime)),
    longestWinningStreak: longestRun(trips, (trip) => trip.pnl > 0),
    longestLosingStreak: longestRun(trips, (trip) => trip.pnl < 0),
  };
}

function longestRun(trips: readonly RoundTrip[], holds: (trip: RoundTrip) => boolean): number {
  let longest = 0;
  let run = 0;
  for (const trip of trips) {
    run = holds(trip) ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** What a market is like just now: how much it moves against its usual, and whether its moves lead anywhere. */
export const regimes = ["calm_range", "calm_trend", "wild_range", "wild_trend"] as const;
export type Regime = (typeof regimes)[number];

/**
 * A fold over the closes of the decision timeframe. Volatility: the fast running mean of |return| against the slow one.
 * Trend: the efficiency ratio (Kaufman, 1995) in running means, |mean return| / mean |return|. Each is left at another
 * value than it is entered at, so that a market at the edge of two regimes does not go to and fro.
 */
export interface Market {
  regime: Regime;
  lastClose: number;
  closes: number;
  /** Running means of |return|. */
  fast: number;
  slow: number;
  /** Running mean of the return, as fast as `fast`. */
  drift: number;
}

const FAST_SMOOTHING = 2 / 21;
const SLOW_SMOOTHING = 2 / 201;
/** Returns before the first judgement: until then it is a calm range. */
const WARMUP = 20;

const WILD_FROM = 1.25;
const WILD_UNTIL = 1;
const TREND_FROM = 0.45;
const TREND_UNTIL = 0.25;

export function createMarket(): Market {
  return { regime: "calm_range", lastClose: 0, closes: 0, fast: 0, slow: 0, drift: 0 };
}

/** Folds the next close. */
export function follow(market: Market, close: number): void {
  const { lastClose } = market;
  market.lastClose = close;
  if (lastClose === 0) return;
  const change = close / lastClose - 1;
  const size = Math.abs(change);
  const first = market.closes === 0;
  market.closes += 1;
  market.fast = first ? size : market.fast + FAST_SMOOTHING * (size - market.fast);
  market.slow = first ? size : market.slow + SLOW_SMOOTHING * (size - market.slow);
  market.drift = first ? change : market.drift + FAST_SMOOTHING * (change - market.drift);
  if (market.closes >= WARMUP) market.regime = judge(market);
}

function judge({ regime, fast, slow, drift }: Market): Regime {
  const wild = fast > slow * (regime.startsWith("wild") ? WILD_UNTIL : WILD_FROM);
  const trend = Math.abs(drift) > fast * (regime.endsWith("trend") ? TREND_UNTIL : TREND_FROM);
  return wild ? (trend ? "wild_trend" : "wild_range") : trend ? "calm_trend" : "calm_range";
}

import { createMarket, follow, type Market, type Regime } from "./regime.ts";
import { measure, raiseToFloor, reweigh, type Weights } from "./weights.ts";

/**
 * Weights by regime. A result counts for the regime its votes were cast in, and for the weights of all regimes
 * together, which a regime seen for the first time begins with.
 */
export interface RegimeWeights {
  readonly market: Market;
  /** Shares of each regime seen so far. */
  readonly shares: Map<Regime, Float64Array>;
}

export function createRegimeWeights(): RegimeWeights {
  return { market: createMarket(), shares: new Map() };
}

/** Folds what the last votes have come to, before the close they are judged by moves the market on. */
export function learnInRegime(
  { market, shares }: RegimeWeights,
  shared: Weights,
  votes: Float64Array,
  change: number,
  learningRate: number,
  floor: number,
): void {
  const reward = measure(shared, change);
  if (shared.scale === 0) return;
  const own = shares.get(market.regime);
  for (const each of own === undefined ? [shared.shares] : [shared.shares, own]) {
    reweigh(each, votes, reward, learningRate);
    raiseToFloor(each, floor);
  }
}

/** Folds a close. */
export function moveOn({ market }: RegimeWeights, close: number): void {
  follow(market, close);
}

/** The shares of the regime there is. */
export function sharesNow({ market, shares }: RegimeWeights, shared: Weights): Float64Array {
  let own = shares.get(market.regime);
  if (own === undefined) shares.set(market.regime, (own = shared.shares.slice()));
  return own;
}

/** A copy that shares nothing with it. */
export function copyOf({ market, shares }: RegimeWeights): RegimeWeights {
  return { market: { ...market }, shares: new Map([...shares].map(([regime, own]) => [regime, own.slice()])) };
}

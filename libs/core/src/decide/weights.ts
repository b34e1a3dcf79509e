/**
 * Multiplicative weights over the members of one instrument, by counterfactual result: what each would have
 * earned by its vote on the last close. Hedge (Freund and Schapire, 1997) on returns in units of their running
 * mean absolute size, with a floor under each member's share so that a bad one can come back.
 */
export interface Weights extends Yardstick {
  /** Shares that sum to 1, in member order. */
  readonly shares: Float64Array;
}

/** What returns are measured by. */
export interface Yardstick {
  /** Running mean of |return|, 0 until the first. */
  scale: number;
}

/** Smoothing of the running mean absolute return. */
const SCALE_SMOOTHING = 0.05;
/** A single return counts at most this many times the usual one. */
const REWARD_MAX = 3;

/** Starts from configured weights (> 0). */
export function initialWeights(weights: readonly number[]): Weights {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { shares: Float64Array.from(weights, (weight) => weight / sum), scale: 0 };
}

/** Folds a return into the yardstick and gives it in its units, at most 3 of them; 0 while nothing has moved. */
export function measure(yardstick: Yardstick, change: number): number {
  const size = Math.abs(change);
  yardstick.scale = yardstick.scale === 0 ? size : yardstick.scale + SCALE_SMOOTHING * (size - yardstick.scale);
  if (yardstick.scale === 0) return 0;
  return Math.max(-REWARD_MAX, Math.min(REWARD_MAX, change / yardstick.scale));
}

/** Folds one close: `change` is the return since the votes were cast; an abstained vote (NaN) earns nothing. */
export function learn(weights: Weights, votes: Float64Array, change: number, learningRate: number, floor: number): void {
  const reward = measure(weights, change);
  if (weights.scale === 0) return;
  reweigh(weights.shares, votes, reward, learningRate);
  raiseToFloor(weights.shares, floor);
}

/** Multiplies each share by what its vote has earned; they sum to 1 again. */
export function reweigh(shares: Float64Array, votes: Float64Array, reward: number, learningRate: number): void {
  let sum = 0;
  for (let i = 0; i < shares.length; i++) {
    const vote = votes[i]!;
    if (vote === vote) shares[i] = shares[i]! * Math.exp(learningRate * reward * vote);
    sum += shares[i]!;
  }
  for (let i = 0; i < shares.length; i++) shares[i] = shares[i]! / sum;
}

/** Lifts shares below the floor to it, at the expense of the others in proportion; who pays and falls below it is lifted too. */
export function raiseToFloor(shares: Float64Array, floor: number): void {
  const least = Math.min(floor, 1 / shares.length);
  while (shares.some((share) => share < least)) {
    let lifted = 0;
    let rest = 0;
    for (const share of shares) {
      if (share <= least) lifted += 1;
      else rest += share;
    }
    if (rest === 0) return;
    const scale = (1 - lifted * least) / rest;
    for (let i = 0; i < shares.length; i++) shares[i] = shares[i]! <= least ? least : shares[i]! * scale;
  }
}

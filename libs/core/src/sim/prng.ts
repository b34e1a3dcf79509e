/** Seeded randomness, the only kind the core has. */
export interface Prng {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
  /** True with probability `share`. */
  chance(share: number): boolean;
  /** Standard normal. */
  normal(): number;
  snapshot(): number;
  restore(state: number): void;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, period 2^32, passes gjrand. */
export function createPrng(seed: number): Prng {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    chance: (share) => next() < share,
    // Box-Muller; 1 - next() keeps the logarithm finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    snapshot: () => state,
    restore: (saved) => {
      state = saved;
    },
  };
}

import type { Initial } from "./family.ts";

export const zeros: Initial = (_prng, size) => new Float32Array(size);

export const ones: Initial = (_prng, size) => new Float32Array(size).fill(1);

/** Uniform within the bound at which signals keep their variance on the way forward and back (Glorot and Bengio 2010). */
export function glorot(fanIn: number, fanOut: number): Initial {
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  return (prng, size) => Float32Array.from({ length: size }, () => (2 * prng.next() - 1) * bound);
}

export function normal(deviation: number): Initial {
  return (prng, size) => Float32Array.from({ length: size }, () => prng.normal() * deviation);
}

/** Zeros, but 1 for the forget gates, the third quarter: an LSTM that starts out remembering learns long patterns sooner. */
export const forgetting: Initial = (_prng, size) => new Float32Array(size).fill(1, size / 2, (size * 3) / 4);

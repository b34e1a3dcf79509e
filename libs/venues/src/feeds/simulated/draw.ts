import { createPrng, type Prng } from "@tradewind/core";

/** 32 bits of a text (FNV-1a). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** 32 bits of two numbers, well mixed (murmur3's finaliser). */
function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Randomness that is a function of what it is for, so that any block of a market can be made without the ones before. */
export function drawFor(seed: number, what: string, block: number): Prng {
  return createPrng(mix(mix(seed >>> 0, hashText(what)), block));
}

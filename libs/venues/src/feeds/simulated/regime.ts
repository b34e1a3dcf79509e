import type { Prng } from "@tradewind/core";
import { drawFor } from "./draw.ts";

export type Regime = "trend" | "range" | "crash" | "quiet";

/** How the market behaves for one hour. */
export interface Mood {
  readonly regime: Regime;
  /** 1 or -1: which way a trend goes. */
  readonly direction: number;
}

/** Every so many hours hold one hour of crash, for all assets alike. */
const CRASH_EVERY_H = 48;
/** How often an asset does as the whole market does. */
const FOLLOWS = 0.6;

/** The mood of an asset in an hour (since the epoch). */
export function moodOf(seed: number, asset: string, hour: number): Mood {
  const span = Math.floor(hour / CRASH_EVERY_H);
  if (hour - span * CRASH_EVERY_H === drawFor(seed, "crash", span).below(CRASH_EVERY_H)) return { regime: "crash", direction: -1 };
  const own = drawFor(seed, `mood ${asset}`, hour);
  return pick(own.chance(FOLLOWS) ? drawFor(seed, "mood", hour) : own);
}

function pick(draw: Prng): Mood {
  const u = draw.next();
  const regime = u < 0.45 ? "trend" : u < 0.75 ? "range" : "quiet";
  return { regime, direction: draw.chance(0.5) ? 1 : -1 };
}

/** Volatility and volume in a regime, as multiples of the ordinary ones. */
export const agitation: Readonly<Record<Regime, number>> = { trend: 0.9, range: 0.7, crash: 2, quiet: 0.4 };

/** How far the price swings about its way, a few times an hour, in minutes' volatilities. */
export const swing: Readonly<Record<Regime, number>> = { trend: 5, range: 7, crash: 0, quiet: 3.5 };

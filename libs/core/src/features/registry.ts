import { lookUp } from "../indicators/parameters.ts";
import type { FeatureDefinition } from "./feature.ts";
import { macdHistogram, mfi, rsi } from "./oscillators.ts";
import { body, emaDistance, logReturn } from "./price.ts";
import { bollingerPosition, rangeAtr, volatility } from "./volatility.ts";
import { volumeZscore, vwapDeviation } from "./volume.ts";

const all = [logReturn, rangeAtr, rsi, macdHistogram, mfi, vwapDeviation, bollingerPosition, volumeZscore, emaDistance, body, volatility];

/** Every feature by name. */
export const features: Readonly<Record<string, FeatureDefinition>> = Object.fromEntries(all.map((feature) => [feature.name, feature]));

/** The feature called `name`. Throws `UNKNOWN_FEATURE`. */
export function findFeature(name: string): FeatureDefinition {
  return lookUp(features, name, "feature", "UNKNOWN_FEATURE");
}

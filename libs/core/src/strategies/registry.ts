import { lookUp } from "../indicators/parameters.ts";
import { macd } from "./macd.ts";
import { mfi } from "./mfi.ts";
import { momentum } from "./momentum.ts";
import { rsi } from "./rsi.ts";
import type { StrategyDefinition } from "./strategy.ts";
import { vwap } from "./vwap.ts";

/** Every strategy by name. */
export const strategies: Readonly<Record<string, StrategyDefinition>> = { momentum, rsi, macd, mfi, vwap };

/** The strategy called `name`. Throws `UNKNOWN_STRATEGY`. */
export function findStrategy(name: string): StrategyDefinition {
  return lookUp(strategies, name, "strategy", "UNKNOWN_STRATEGY");
}

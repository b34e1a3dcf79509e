import { atr } from "./atr.ts";
import { bollinger } from "./bollinger.ts";
import { ema } from "./ema.ts";
import type { IndicatorDefinition } from "./indicator.ts";
import { macd } from "./macd.ts";
import { mfi } from "./mfi.ts";
import { obv } from "./obv.ts";
import { lookUp } from "./parameters.ts";
import { roc } from "./roc.ts";
import { rsi } from "./rsi.ts";
import { sma } from "./sma.ts";
import { stddev } from "./stddev.ts";
import { vwap } from "./vwap.ts";

/** Every indicator by name. */
export const indicators = { sma, ema, stddev, rsi, macd, mfi, vwap, atr, bollinger, obv, roc } as const;

/** The indicator called `name`. Throws `UNKNOWN_INDICATOR`. */
export function findIndicator(name: string): IndicatorDefinition {
  return lookUp<IndicatorDefinition>(indicators, name, "indicator", "UNKNOWN_INDICATOR");
}

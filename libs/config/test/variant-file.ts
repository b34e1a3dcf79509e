import { isFailure } from "@tradewind/core";
import { parseVariant, type LoadOptions, type LoadedVariant } from "../src/load-variant.ts";

/** A variant that needs nothing but its four choices. */
export const minimal = { variants: { broker: "bybit", strategy: "rsi", mode: "backtest", asset_class: "futures" } };

/** Compiles a value as if it stood in `configs/variants/sample.json`. */
export function compile(value: unknown, options?: LoadOptions): LoadedVariant {
  return parseVariant(JSON.stringify(value, null, 2), "configs/variants/sample.json", options);
}

/** The message with which a value (or text) is refused; "" when it is taken. Anything but an input failure escapes. */
export function refusal(value: unknown, options?: LoadOptions): string {
  try {
    if (typeof value === "string") parseVariant(value, "configs/variants/sample.json", options);
    else compile(value, options);
    return "";
  } catch (error) {
    if (isFailure(error) && error.action === "input") return error.message;
    throw error;
  }
}

import type { View } from "./strategy.ts";

/** The one view without an opinion: shared, because most candles end in it. */
export const HOLD: View = Object.freeze({ action: "HOLD", confidence: 0, reason: "" });

/** What a BUY or SELL may carry beside its reason. */
export interface ViewOptions {
  /** 0..1, default 1. */
  readonly confidence?: number;
  /** Protective prices, when the strategy sets its own. */
  readonly stop?: number;
  readonly target?: number;
}

export function buy(reason: string, options: ViewOptions = {}): View {
  return { action: "BUY", confidence: 1, reason, ...options };
}

export function sell(reason: string, options: ViewOptions = {}): View {
  return { action: "SELL", confidence: 1, reason, ...options };
}

/** Confidence of a value that reached its threshold: 0.5 at the threshold, 1 from twice the threshold on. */
export function confidenceBeyond(value: number, threshold: number): number {
  return threshold === 0 ? 1 : Math.min(1, Math.max(0.5, Math.abs(value / threshold) / 2));
}

/** Confidence by depth: 0.5 at the level where an extreme begins, 1 at `end`. */
export function confidenceWithin(value: number, level: number, end: number): number {
  return level === end ? 1 : 0.5 + (0.5 * (value - level)) / (end - level);
}

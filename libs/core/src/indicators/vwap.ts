import type { Calendar } from "../market/calendar.ts";
import { DAY_MS } from "../market/civil.ts";
import { defineIndicator, type Indicator } from "./indicator.ts";
import { captureState, restoreState } from "./state.ts";

/** Where a VWAP begins anew: the instrument's session, or the UTC day. */
export const anchorSpec = {
  type: "choice",
  default: "session",
  choices: ["session", "day"],
  doc: "Where the average begins anew: the session of the instrument's calendar, or the UTC day.",
} as const;

/** Start of the anchor's span that `time` belongs to, ms since the epoch. */
export function anchorStart(anchor: string, calendar: Calendar, time: number): number {
  return anchor === "session" ? calendar.sessionStart(time) : Math.floor(time / DAY_MS) * DAY_MS;
}

/**
 * Volume-weighted average of the typical price, (high + low + close) / 3, since the last reset. The caller resets it at
 * the start of a session, by `reset` or by naming each candle's session to `anchorAt`. Prices are taken as distances,
 * so that a flat price gives exactly itself.
 * As long as nothing was traded since the reset it is the candle's own typical price, so that a quiet open shows
 * no deviation instead of an undefined one.
 */
export class Vwap implements Indicator {
  /** The first typical price since the reset. */
  private base = NaN;
  /** Sum of (typical price - base) x volume. */
  private traded = 0;
  private volume = 0;
  private anchor = NaN;
  value = NaN;

  /** Resets when `start` is another session's than the last one named, and says whether it did. */
  anchorAt(start: number): boolean {
    if (start === this.anchor) return false;
    this.anchor = start;
    this.reset();
    return true;
  }

  reset(): void {
    this.base = NaN;
    this.traded = 0;
    this.volume = 0;
  }

  update(high: number, low: number, close: number, volume: number): number {
    const typical = close + (high - close + (low - close)) / 3;
    if (this.base !== this.base) this.base = typical;
    this.traded += (typical - this.base) * volume;
    this.volume += volume;
    this.value = this.volume > 0 ? this.base + this.traded / this.volume : typical;
    return this.value;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state);
  }
}

export const vwap = defineIndicator({
  name: "vwap",
  doc: "Volume-weighted average price since the last reset.",
  parameters: {},
  inputs: ["high", "low", "close", "volume"],
  outputs: ["value"],
  warmup: () => 1,
  create: () => new Vwap(),
});

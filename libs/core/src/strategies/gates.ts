import { captureState, restoreState, type Stateful } from "../indicators/state.ts";

/** 1 for BUY, -1 for SELL, 0 for nothing. */
export type Direction = 1 | 0 | -1;

function signOf(value: number): Direction {
  return value > 0 ? 1 : value < 0 ? -1 : 0;
}

/**
 * Speaks once per change of sign, as soon as the value is also `threshold` away from 0; a value that turns back
 * before that was noise. 0 is no sign and keeps the last one. The first sign seen is a change only when `fresh`.
 */
export class SignChange implements Stateful {
  private readonly threshold: number;
  private readonly fresh: boolean;
  private sign: Direction = 0;
  private spoken = false;

  constructor(threshold: number, fresh: boolean) {
    this.threshold = threshold;
    this.fresh = fresh;
  }

  update(value: number): Direction {
    const sign = signOf(value);
    if (sign !== 0 && sign !== this.sign) {
      this.spoken = this.sign === 0 && !this.fresh;
      this.sign = sign;
    }
    if (sign === 0 || this.spoken || Math.abs(value) < this.threshold) return 0;
    this.spoken = true;
    return sign;
  }

  reset(): void {
    this.sign = 0;
    this.spoken = false;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state);
  }
}

/**
 * Speaks on reaching an extreme of an oscillator: BUY at or below `oversold`, SELL at or above `overbought`. Having
 * spoken, it is silent in that direction until the value is above `buyAgain`, or below `sellAgain`. A level inside
 * the extreme counts as the extreme's edge, else it would speak on every candle there.
 */
export class Extremes implements Stateful {
  private readonly oversold: number;
  private readonly overbought: number;
  private readonly buyAgain: number;
  private readonly sellAgain: number;
  private mayBuy = true;
  private maySell = true;

  constructor(oversold: number, overbought: number, buyAgain = oversold, sellAgain = overbought) {
    this.oversold = oversold;
    this.overbought = overbought;
    this.buyAgain = Math.max(buyAgain, oversold);
    this.sellAgain = Math.min(sellAgain, overbought);
  }

  update(value: number): Direction {
    if (value > this.buyAgain) this.mayBuy = true;
    if (value < this.sellAgain) this.maySell = true;
    if (this.mayBuy && value <= this.oversold) {
      this.mayBuy = false;
      return 1;
    }
    if (this.maySell && value >= this.overbought) {
      this.maySell = false;
      return -1;
    }
    return 0;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state);
  }
}

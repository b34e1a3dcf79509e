import type { Candle } from "../domain/candle.ts";
import type { Action } from "../domain/decision.ts";
import type { ParameterValue } from "../domain/plan.ts";
import type { ParameterSpec } from "../indicators/parameters.ts";
import type { Calendar } from "../market/calendar.ts";

export type { ParameterSpec };

/** A strategy's view of one candle; `undefined` until it is warm. */
export interface View {
  readonly action: Action;
  /** 0..1. */
  readonly confidence: number;
  readonly reason: string;
  /** Protective prices, when the strategy sets its own. */
  readonly stop?: number;
  readonly target?: number;
}

/** A running strategy on one instrument. Called exactly once per closed candle of its timeframe. */
export interface Strategy {
  onCandle(candle: Candle): View | undefined;
  /** Plain data (numbers, strings, arrays, typed arrays, nested objects) that `restore` continues from bit for bit. */
  snapshot(): unknown;
  restore(state: unknown): void;
}

/** What a strategy is given besides its candles. */
export interface StrategyContext {
  readonly instrument: string;
  readonly calendar: Calendar;
}

/** One strategy: its parameters as data and its factory. A user's strategy file exports one of these. */
export interface StrategyDefinition {
  readonly name: string;
  readonly doc: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** Candles after which `onCandle` speaks, for the given parameters. */
  warmup(parameters: Readonly<Record<string, ParameterValue>>): number;
  create(parameters: Readonly<Record<string, ParameterValue>>, context: StrategyContext): Strategy;
}

import type { Candle } from "../domain/candle.ts";
import type { Action, Signal } from "../domain/decision.ts";
import type { ParameterValue } from "../domain/plan.ts";
import type { Calendar } from "../market/calendar.ts";

/** What a strategy's parameter may be; config checks, documents and defaults from this alone. */
export type ParameterSpec =
  | { readonly type: "number" | "integer"; readonly default: number; readonly min: number; readonly max: number; readonly doc: string }
  | { readonly type: "choice"; readonly default: string; readonly choices: readonly string[]; readonly doc: string }
  | { readonly type: "boolean"; readonly default: boolean; readonly doc: string };

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

/** A view as the signal that goes on the road. */
export function toSignal(view: View, source: string, candle: Candle): Signal {
  return { source, instrument: candle.instrument, closeTime: candle.closeTime, ...view };
}

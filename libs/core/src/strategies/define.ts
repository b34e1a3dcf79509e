import type { Candle } from "../domain/candle.ts";
import { completeParameters, type ParameterSpecs, type ValuesOf } from "../indicators/parameters.ts";
import { captureState, restoreState } from "../indicators/state.ts";
import type { Strategy, StrategyContext, StrategyDefinition, View } from "./strategy.ts";

/** A strategy as its file writes it: parameters are complete, checked and typed by their specs. */
export interface StrategyTemplate<S extends ParameterSpecs = ParameterSpecs> {
  readonly name: string;
  readonly doc: string;
  readonly parameters: S;
  readonly warmup: (parameters: ValuesOf<S>) => number;
  readonly create: (parameters: ValuesOf<S>, context: StrategyContext) => Strategy;
}

/**
 * The template as a definition whose `warmup` and `create` take any part of the parameters, fill in the defaults and
 * throw `UNKNOWN_PARAMETER` or `BAD_PARAMETER`. Used for our own strategies and for those a user's file exports.
 */
export function defineStrategy<const S extends ParameterSpecs>(template: StrategyTemplate<S>): StrategyDefinition {
  const { name, doc, parameters, warmup, create } = template;
  const complete = (given: Parameters<StrategyDefinition["warmup"]>[0]) => completeParameters(`strategy ${name}`, parameters, given);
  return {
    name,
    doc,
    parameters,
    warmup: (given) => warmup(complete(given)),
    create: (given, context) => create(complete(given), context),
  };
}

/**
 * A strategy from its state and one function. All that changes between candles lives in `state` (numbers, strings,
 * booleans, indicators, or lists of these), so `snapshot` and `restore` come for free.
 */
export function statefulStrategy<S extends object>(state: S, onCandle: (state: S, candle: Candle) => View | undefined): Strategy {
  return {
    onCandle: (candle) => onCandle(state, candle),
    snapshot: () => captureState(state),
    restore: (saved) => restoreState(state, saved),
  };
}

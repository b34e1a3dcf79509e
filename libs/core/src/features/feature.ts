import type { Candle } from "../domain/candle.ts";
import { completeParameters, type ParameterSpecs, type ParameterValues, type ValuesOf } from "../indicators/parameters.ts";
import { captureState, restoreState, type Stateful } from "../indicators/state.ts";
import type { Calendar } from "../market/calendar.ts";

/** What a feature sees of a candle. */
export type Bar = Pick<Candle, "openTime" | "closeTime" | "open" | "high" | "low" | "close" | "volume">;

/** What a feature is given besides its bars. */
export interface FeatureContext {
  readonly calendar: Calendar;
}

/** A running feature on one instrument and timeframe. */
export interface Feature extends Stateful {
  /** Its value on this bar; NaN until warm, and finite from then on. */
  update(bar: Bar): number;
}

/** A feature as data. Its value should be free of the price's scale, so that one model fits many instruments. */
export interface FeatureDefinition {
  readonly name: string;
  readonly doc: string;
  readonly parameters: ParameterSpecs;
  /** The parameters with their defaults filled in. Throws `UNKNOWN_PARAMETER`, `BAD_PARAMETER`. */
  complete(parameters?: ParameterValues): ParameterValues;
  /** Bars after which it speaks. */
  warmup(parameters?: ParameterValues): number;
  create(parameters: ParameterValues | undefined, context: FeatureContext): Feature;
}

/** Defines a feature whose `warmup` and `create` get complete, checked parameters. */
export function defineFeature<const S extends ParameterSpecs>(definition: {
  readonly name: string;
  readonly doc: string;
  readonly parameters: S;
  readonly warmup: (parameters: ValuesOf<S>) => number;
  readonly create: (parameters: ValuesOf<S>, context: FeatureContext) => Feature;
}): FeatureDefinition {
  const { name, doc, parameters, warmup, create } = definition;
  const complete = (given: ParameterValues = {}) => completeParameters(`feature ${name}`, parameters, given);
  return {
    name,
    doc,
    parameters,
    complete,
    warmup: (given) => warmup(complete(given)),
    create: (given, context) => create(complete(given), context),
  };
}

/** A feature from its state and one function; all that changes between bars lives in `state`. */
export function statefulFeature<S extends object>(state: S, update: (state: S, bar: Bar) => number): Feature {
  return {
    update: (bar) => update(state, bar),
    snapshot: () => captureState(state),
    restore: (saved) => restoreState(state, saved),
  };
}

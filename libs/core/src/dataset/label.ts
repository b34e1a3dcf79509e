import type { CandleColumns } from "../domain/candle.ts";
import { completeParameters, type ParameterSpecs, type ParameterValues, type ValuesOf } from "../indicators/parameters.ts";

/** What a label rule looks at. */
export interface LabelContext {
  /** Bars of the matrix's finest timeframe, oldest first. */
  readonly bars: CandleColumns;
  /** Share of its value that one taker trade costs. */
  readonly costPerSide: number;
}

export interface LabelOutcome {
  /** Index into `directionLabels`. */
  readonly label: number;
  /** Row of the last bar looked at. */
  readonly lastRow: number;
  /** As in `Dataset`. */
  readonly forwardReturn: number;
  readonly longReturn: number;
  readonly shortReturn: number;
}

/** The outcome of a position entered at the open of bar `entry`; undefined where it would look past the data, or cannot be said. */
export type OutcomeOf = (entry: number) => LabelOutcome | undefined;

/** A label rule of the registry and its parameters; absent ones take their default. */
export interface LabelChoice {
  readonly name: string;
  readonly parameters?: ParameterValues;
}

/** A label rule as data. */
export interface LabelDefinition {
  readonly name: string;
  readonly doc: string;
  readonly parameters: ParameterSpecs;
  /** The parameters with their defaults filled in. Throws `UNKNOWN_PARAMETER`, `BAD_PARAMETER`. */
  complete(parameters?: ParameterValues): ParameterValues;
  create(parameters: ParameterValues | undefined, context: LabelContext): OutcomeOf;
}

/** Defines a label rule whose `create` gets complete, checked parameters. */
export function defineLabel<const S extends ParameterSpecs>(definition: {
  readonly name: string;
  readonly doc: string;
  readonly parameters: S;
  readonly create: (parameters: ValuesOf<S>, context: LabelContext) => OutcomeOf;
}): LabelDefinition {
  const { name, doc, parameters, create } = definition;
  const complete = (given: ParameterValues = {}) => completeParameters(`label ${name}`, parameters, given);
  return { name, doc, parameters, complete, create: (given, context) => create(complete(given), context) };
}

import type { CandleColumns } from "../domain/candle.ts";
import { completeParameters, type ParameterSpecs, type ParameterValues, type ValuesOf } from "./parameters.ts";
import type { Stateful } from "./state.ts";

/** The numbers of a candle that an indicator may take, in the order it declares. */
export type CandleInput = "open" | "high" | "low" | "close" | "volume";

/**
 * One implementation for live and columns. `update` takes the inputs of one candle, returns the first output
 * (NaN until warm) and allocates nothing; every output is a field of the indicator.
 */
export interface Indicator extends Stateful {
  update(...inputs: number[]): number;
  /** Begins anew, for indicators anchored to a session. */
  reset?(): void;
}

/** An indicator as data: found by name by config, features and strategies. */
export interface IndicatorDefinition<I extends Indicator = Indicator> {
  readonly name: string;
  readonly doc: string;
  readonly parameters: ParameterSpecs;
  readonly inputs: readonly CandleInput[];
  /** Field names of `I`; the first is what `update` returns. */
  readonly outputs: readonly string[];
  /** Candles after which every output is a number. */
  warmup(parameters?: ParameterValues): number;
  create(parameters?: ParameterValues): I;
}

/** Defines an indicator whose `warmup` and `create` get complete, checked parameters. */
export function defineIndicator<
  const S extends ParameterSpecs,
  O extends string,
  I extends Indicator & Readonly<Record<O, number>>,
>(definition: {
  readonly name: string;
  readonly doc: string;
  readonly parameters: S;
  readonly inputs: readonly CandleInput[];
  readonly outputs: readonly O[];
  readonly warmup: (parameters: ValuesOf<S>) => number;
  readonly create: (parameters: ValuesOf<S>) => I;
}): IndicatorDefinition<I> {
  const complete = (given: ParameterValues = {}) => completeParameters(`indicator ${definition.name}`, definition.parameters, given);
  return {
    ...definition,
    warmup: (given) => definition.warmup(complete(given)),
    create: (given) => definition.create(complete(given)),
  };
}

function feed(indicator: Indicator, inputs: readonly Float64Array[], i: number): void {
  const [a, b, c, d] = inputs;
  if (d) indicator.update(a![i]!, b![i]!, c![i]!, d[i]!);
  else if (c) indicator.update(a![i]!, b![i]!, c[i]!);
  else if (b) indicator.update(a![i]!, b[i]!);
  else indicator.update(a![i]!);
}

/**
 * The indicator over whole columns: `update` called row by row, so the same bytes as live.
 * `resetAt(row)` says before which rows an anchored indicator begins anew. One column per output.
 */
export function indicatorColumns(
  definition: IndicatorDefinition,
  parameters: ParameterValues,
  columns: CandleColumns,
  resetAt?: (row: number) => boolean,
): Record<string, Float64Array> {
  const indicator = definition.create(parameters);
  const inputs = definition.inputs.map((input) => columns[input]);
  const fields = indicator as unknown as Readonly<Record<string, number>>;
  const outputs = definition.outputs.map((name) => ({ name, column: new Float64Array(columns.length) }));
  for (let i = 0; i < columns.length; i++) {
    if (resetAt?.(i)) indicator.reset?.();
    feed(indicator, inputs, i);
    for (const { name, column } of outputs) column[i] = fields[name]!;
  }
  return Object.fromEntries(outputs.map(({ name, column }) => [name, column]));
}

import { createPrng, inputFailure, type Prng } from "@tradewind/core";
import { sizeOf } from "../autodiff/shapes.ts";
import { openTape, type Variable } from "../autodiff/tape.ts";

/** The feature matrix of one row: [timeframes, window, features]. */
export interface InputShape {
  readonly timeframes: number;
  readonly window: number;
  readonly features: number;
}

/** A size that a user may choose. */
export interface FamilySetting {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly doc: string;
}

/** Numbers for a parameter of `size` elements before training. */
export type Initial = (prng: Prng, size: number) => Float32Array;

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: Initial;
}

/** Where a net's parameters come from: the vector that is trained, or constants of an exported file. */
export interface ParameterSource {
  parameter(name: string, shape: readonly number[], initial: Initial): Variable;
}

/** `classes`: softmax cross entropy over labels. `q_values`: double DQN with a target net and Huber loss. */
export type Objective = "classes" | "q_values";

/** A kind of net. `S` names its settings. */
export interface NetFamily<S extends string = string> {
  readonly name: string;
  /** One line for people. */
  readonly doc: string;
  /** How it is trained unless the trainer is told otherwise. Those of classes can be trained by name with nothing more. */
  readonly objective: Objective;
  readonly settings: Readonly<Record<S, FamilySetting>>;
  /** x [batch, window, timeframes * features], normalised, to one number per output: [batch, outputs]. */
  forward(source: ParameterSource, x: Variable, outputs: number, settings: Readonly<Record<S, number>>): Variable;
}

/** Features of one step of the window, of all timeframes side by side. */
export function stepWidth({ timeframes, features }: InputShape): number {
  return timeframes * features;
}

/** Numbers of one row. */
export function rowSizeOf({ timeframes, window, features }: InputShape): number {
  return timeframes * window * features;
}

/** Defaults with the given values over them. Throws `NET_SETTING` for a name or a value the family does not take. */
export function settingsOf(family: NetFamily, given: Readonly<Record<string, number>>): Record<string, number> {
  const names = Object.keys(family.settings);
  for (const [name, value] of Object.entries(given)) {
    const setting = family.settings[name];
    if (setting === undefined) throw inputFailure("NET_SETTING", `${family.name} has no setting "${name}"; it has ${names.join(", ")}`);
    if (!Number.isInteger(value) || value < setting.min || value > setting.max)
      throw inputFailure("NET_SETTING", `${family.name}.${name} is ${value}; it must be whole, ${setting.min} to ${setting.max}`);
  }
  return Object.fromEntries(names.map((name) => [name, given[name] ?? family.settings[name]!.default]));
}

/** The parameters of a net in the order in which it asks for them. Throws `NET_SETTING`. */
export function parametersOf(
  family: NetFamily,
  shape: InputShape,
  outputs: number,
  given: Readonly<Record<string, number>> = {},
): ParameterSpec[] {
  const specs: ParameterSpec[] = [];
  const tape = openTape("parameters");
  const source: ParameterSource = {
    parameter(name, parameterShape, initial) {
      specs.push({ name, shape: parameterShape, initial });
      return tape.input(name, parameterShape);
    },
  };
  family.forward(source, tape.input("x", [1, shape.window, stepWidth(shape)]), outputs, settingsOf(family, given));
  return specs;
}

/** All parameters one after the other, as they stand before training. Equal seeds give equal numbers. */
export function initialParameters(specs: readonly ParameterSpec[], seed: number): Float32Array {
  const prng = createPrng(seed);
  const parts = specs.map(({ shape, initial }) => initial(prng, sizeOf(shape)));
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

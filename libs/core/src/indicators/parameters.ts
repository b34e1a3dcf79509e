import type { ParameterValue } from "../domain/plan.ts";
import { Failure, inputFailure } from "../errors.ts";

/** What a parameter may be; config checks, documents and defaults from this alone. */
export type ParameterSpec =
  | { readonly type: "number" | "integer"; readonly default: number; readonly min: number; readonly max: number; readonly doc: string }
  | { readonly type: "choice"; readonly default: string; readonly choices: readonly string[]; readonly doc: string }
  | { readonly type: "boolean"; readonly default: boolean; readonly doc: string };

export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

type ValueOf<S extends ParameterSpec> = S extends { type: "choice" } ? string : S extends { type: "boolean" } ? boolean : number;

/** The complete values that a set of specs describes. */
export type ValuesOf<S extends ParameterSpecs> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** A whole number of candles. */
export function periodSpec(preset: number, doc: string, min = 1) {
  return { type: "integer", default: preset, min, max: 10_000, doc } as const;
}

export function numberSpec(preset: number, min: number, max: number, doc: string) {
  return { type: "number", default: preset, min, max, doc } as const;
}

function problem(spec: ParameterSpec, value: ParameterValue): string | undefined {
  if (spec.type === "choice")
    return typeof value === "string" && spec.choices.includes(value) ? undefined : `must be one of ${spec.choices.join(", ")}`;
  if (spec.type === "boolean") return typeof value === "boolean" ? undefined : "must be true or false";
  if (typeof value !== "number" || !(value >= spec.min && value <= spec.max)) return `must be a number from ${spec.min} to ${spec.max}`;
  return spec.type === "integer" && !Number.isInteger(value) ? "must be a whole number" : undefined;
}

/**
 * `given` with the defaults filled in, in the order of the specs.
 * Throws `UNKNOWN_PARAMETER` and `BAD_PARAMETER`; `owner` names what the parameters belong to.
 */
export function completeParameters<S extends ParameterSpecs>(owner: string, specs: S, given: ParameterValues): ValuesOf<S> {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(specs, name))
      throw inputFailure("UNKNOWN_PARAMETER", `${owner} has no parameter "${name}"; it takes ${Object.keys(specs).join(", ") || "none"}`);
  const complete = Object.entries(specs).map(([name, spec]) => {
    const value = given[name] ?? spec.default;
    const wrong = problem(spec, value);
    if (wrong !== undefined) throw inputFailure("BAD_PARAMETER", `${owner}: ${name} is ${JSON.stringify(value)}; it ${wrong}`);
    return [name, value];
  });
  return Object.fromEntries(complete) as ValuesOf<S>;
}

/** The entry called `name`; throws `code` and lists the known names. */
export function lookUp<T>(registry: Readonly<Record<string, T>>, name: string, what: string, code: string): T {
  if (Object.hasOwn(registry, name)) return registry[name]!;
  throw new Failure("input", code, `there is no ${what} "${name}"; known: ${Object.keys(registry).join(", ")}`);
}

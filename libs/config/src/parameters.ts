import { z } from "zod";
import type { ParameterSpec, ParameterValue, StrategyDefinition } from "@tradewind/core";

function parameterSchema(spec: ParameterSpec): z.ZodType<ParameterValue, ParameterValue | undefined> {
  switch (spec.type) {
    case "number":
      return z.number().min(spec.min).max(spec.max).default(spec.default).describe(spec.doc);
    case "integer":
      return z.int().min(spec.min).max(spec.max).default(spec.default).describe(spec.doc);
    case "choice":
      return z.enum(spec.choices).default(spec.default).describe(spec.doc);
    case "boolean":
      return z.boolean().default(spec.default).describe(spec.doc);
  }
}

/** The strict schema of a strategy's parameters, made of its parameter table; absent ones take their default. */
export function parametersSchema(parameters: StrategyDefinition["parameters"]): z.ZodType<Record<string, ParameterValue>> {
  return z.strictObject(Object.fromEntries(Object.entries(parameters).map(([name, spec]) => [name, parameterSchema(spec)])));
}

/** Parameters of a user's strategy file, whose table is known only once that file is loaded. */
export const openParameters: z.ZodType<Record<string, ParameterValue>> = z.record(
  z.string(),
  z.union([z.number(), z.string(), z.boolean()]),
);

import { z } from "zod";
import { strategies } from "@tradewind/core";
import { parametersSchema } from "./parameters.ts";
import { variantSchema } from "./variant-schema.ts";

function withoutDialect(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: "input" }) as Record<string, unknown>;
  return rest;
}

/**
 * The JSON Schema of a variant file, for editors: the fields with their meaning and default, and the
 * parameters of whichever strategy the file names.
 */
export function variantJsonSchema(): Record<string, unknown> {
  const parameters = Object.entries(strategies).map(([name, definition]) => ({
    if: { properties: { variants: { properties: { strategy: { const: name } }, required: ["strategy"] } }, required: ["variants"] },
    // oxlint-disable-next-line unicorn/no-thenable -- the word is JSON Schema's
    then: { properties: { strategy_config: { ...withoutDialect(parametersSchema(definition.parameters)), description: definition.doc } } },
  }));
  const { type, properties, ...rest } = withoutDialect(variantSchema);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Tradewind variant",
    type,
    properties,
    ...rest,
    allOf: parameters,
  };
}

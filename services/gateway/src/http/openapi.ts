import { z } from "zod";
import type { RouteList } from "./app.ts";

interface RouteSchema {
  readonly summary?: string;
  readonly hide?: boolean;
  readonly params?: z.ZodType;
  readonly querystring?: z.ZodType;
  readonly body?: z.ZodType;
  /** Content types of a body that is a file. */
  readonly consumes?: readonly string[];
  readonly response?: Readonly<Record<string, z.ZodType>>;
}

const errorBody = {
  type: "object",
  properties: { error: { type: "object", properties: { code: { type: "string" }, message: { type: "string" } } } },
};

/** The OpenAPI 3.1 document of the registered routes under /api: their own schemas, nothing written twice. */
export function openApiOf(routes: RouteList): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, url, schema = {} } of routes) {
    const route = schema as RouteSchema;
    if (!url.startsWith("/api/") || route.summary === undefined) continue;
    const path = url.replaceAll(/:(\w+)/g, "{$1}");
    for (const verb of [method].flat()) (paths[path] ??= {})[verb.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Tradewind gateway", version: "1", description: "Variants, commands and what the running system has done." },
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    paths,
  };
}

function operation({ summary, params, querystring, body, consumes, response = {} }: RouteSchema): object {
  const success = response["200"];
  return {
    summary,
    parameters: [...parameters(params, "path"), ...parameters(querystring, "query")],
    ...(consumes && { requestBody: { required: true, content: Object.fromEntries(consumes.map((type) => [type, {}])) } }),
    ...(body && { requestBody: { required: true, content: { "application/json": { schema: json(body, "input") } } } }),
    responses: {
      "200": { description: "As asked.", ...(success && { content: { "application/json": { schema: json(success, "output") } } }) },
      default: { description: "Why not.", content: { "application/json": { schema: errorBody } } },
    },
  };
}

function parameters(schema: z.ZodType | undefined, place: "path" | "query"): object[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = json(schema, "input") as { properties?: Record<string, object>; required?: string[] };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
  }));
}

function json(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

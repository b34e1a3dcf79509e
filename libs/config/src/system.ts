import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { inputFailure } from "@tradewind/core";
import { check, nodesAt, type SchemaNode } from "./check.ts";
import { parseYaml, type SourceDocument } from "./document.ts";
import { deepFreeze } from "./freeze.ts";
import { problemsFailure, type Path, type Problem } from "./problems.ts";
import { isReference, type Environment } from "./secrets.ts";

/** The system's settings: what holds for every variant of an installation. Every default is here. */
export const systemSchema = z.strictObject({
  data: z
    .strictObject({
      dir: z.string().min(1).default("data").describe("Folder of candle files and results, from the working directory."),
      cache_dir: z.string().min(1).default(".tradewind/cache").describe("Folder of what can be made again; safe to delete."),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info").describe("Least level that is written."),
    })
    .prefault({}),
});

export type SystemConfig = z.output<typeof systemSchema>;

const CODE = "SYSTEM_CONFIG_INVALID";
const PREFIX = "TRADEWIND__";

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Later objects win key by key; lists and scalars are replaced whole. */
function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = Object.hasOwn(base, key) ? merge(base[key], value) : value;
  return merged;
}

/** Puts the variable's value in place of every `${NAME}`; names each that is missing. */
function substitute(value: unknown, env: Environment, path: Path, missing: (path: Path, name: string) => void): unknown {
  if (typeof value === "string" && isReference(value)) {
    const name = value.slice(2, -1);
    const found = env[name];
    if (!found) missing(path, name);
    return found ?? value;
  }
  if (Array.isArray(value)) return value.map((member, i) => substitute(member, env, [...path, i], missing));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, substitute(member, env, [...path, key], missing)]));
}

/** One layer of settings, checked by itself; every field may be absent. */
function layerOf(document: SourceDocument, env: Environment): unknown {
  const problems: Problem[] = [];
  const value = substitute(document.value, env, [], (path, name) =>
    problems.push({
      file: document.file,
      position: document.locate(path, "value"),
      path,
      message: `needs the environment variable ${name}; set it and start again`,
    }),
  );
  const checked = check(systemSchema, document, [], value);
  if (!checked.ok)
    problems.push(...checked.problems.filter(({ path }) => !problems.some((problem) => problem.path.join() === path.join())));
  if (problems.length > 0) throw problemsFailure(CODE, problems);
  return value;
}

function readLayer(path: string, env: Environment, required: boolean): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    if (required) throw inputFailure(CODE, `no file at "${path}"; TRADEWIND_ENV asks for it`);
    return {};
  }
  return layerOf(parseYaml(text, path, CODE), env);
}

/** `TRADEWIND__LOG__LEVEL=debug` as {log: {level: "debug"}}. A text stays a text where the schema wants one. */
function environmentLayer(env: Environment): unknown {
  const root = z.toJSONSchema(systemSchema, { io: "input" }) as SchemaNode;
  let layer: unknown = {};
  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (!name.startsWith(PREFIX) || text === undefined) continue;
    const path = name.slice(PREFIX.length).toLowerCase().split("__");
    const isText = nodesAt(root, path).some((node) => node.type === "string");
    const value: unknown = isText ? text : parse(text);
    const one = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    const document: SourceDocument = { file: `environment variable ${name}`, value: one, locate: () => ({ line: 1, column: 1 }) };
    layer = merge(layer, layerOf(document, env));
  }
  return layer;
}

/**
 * The system's settings: `system.yaml` of the folder, then `system.<TRADEWIND_ENV>.yaml`, then
 * `TRADEWIND__SECTION__KEY` variables; later ones win. `${NAME}` takes the variable's value.
 * Throws `SYSTEM_CONFIG_INVALID` with every problem of the layer at fault.
 */
export function loadSystem(folder: string, env: Environment): SystemConfig {
  const overlay = env["TRADEWIND_ENV"];
  if (overlay !== undefined && !/^[A-Za-z0-9_-]+$/.test(overlay))
    throw inputFailure(CODE, `TRADEWIND_ENV is "${overlay}"; it may hold letters, digits, _ and - only`);
  const base = readLayer(join(folder, "system.yaml"), env, false);
  const over = overlay === undefined ? {} : readLayer(join(folder, `system.${overlay}.yaml`), env, true);
  return deepFreeze(systemSchema.parse(merge(merge(base, over), environmentLayer(env))));
}

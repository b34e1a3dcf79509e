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
  run: z
    .strictObject({
      clock: z.enum(["wall", "events"]).default("wall").describe("wall: paper and live. events: no deadlines; for replays and tests."),
    })
    .prefault({}),
  bus: z
    .strictObject({
      url: z.string().min(1).default("nats://127.0.0.1:4222").describe("NATS servers, separated by commas."),
      user: z.string().optional(),
      password: z.string().optional().describe("As ${NAME}; or use password_file."),
      password_file: z.string().optional().describe("File that holds the password."),
      file: z.string().min(1).default("data/bus.sqlite").describe("File of the embedded bus of `tradewind start`."),
    })
    .prefault({}),
  redis: z
    .strictObject({
      url: z.string().optional().describe("Feature cache, e.g. redis://127.0.0.1:6379; left out, features are cached in the process."),
      password: z.string().optional(),
      password_file: z.string().optional(),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: z.string().default("127.0.0.1").describe("Where a service process answers /health and /metrics."),
      port: z.int().min(0).max(65_535).default(9_100).describe("0 takes any free one."),
    })
    .prefault({}),
  gateway: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: z.int().min(0).max(65_535).default(8_080).describe("REST, WebSocket and dashboard."),
      token: z.string().min(16).optional().describe("Needed by every request; as ${NAME}. Left out, one is drawn and kept in token_file."),
      token_file: z.string().default("data/gateway.token"),
    })
    .prefault({}),
  market: z
    .strictObject({
      feed: z.enum(["simulated", "replay"]).default("simulated"),
      seed: z.int().min(0).default(1).describe("Of the simulated market."),
      speed: z.number().positive().max(10_000).default(1).describe("Market seconds per second, of the simulated market."),
      start: z.iso.datetime().default("2026-01-05T14:00:00Z").describe("Where a new simulated market begins."),
      warmup_bars: z
        .int()
        .min(0)
        .max(5_000)
        .default(300)
        .describe("Bars of each timeframe given before the market begins, for indicators."),
      files: z
        .record(z.string(), z.string())
        .default({})
        .describe("Replay: candle CSV by instrument id, e.g. BTC-USDT-PERP; instruments without one come from the candle store."),
      pace: z.number().positive().optional().describe("Replay: most candles a second and instrument; left out, as fast as can be."),
      keep: z.boolean().default(true).describe("Writes closed candles to the candle store."),
    })
    .prefault({}),
  inference: z
    .strictObject({
      total_limit_mb: z.int().positive().default(8_192),
      per_model_limit_mb: z.int().positive().default(2_048),
      models: z.record(z.string(), z.string()).default({}).describe("Models registered at start: ONNX file by model id."),
      max_batch: z.int().min(1).max(4_096).default(64).describe("Most matrices in one run of a model, on the wall clock."),
      batch_wait_ms: z
        .number()
        .min(0)
        .max(1_000)
        .default(2)
        .describe("Longest a matrix waits for others to share its run; less when its deadline is near."),
      idle_unload_s: z
        .number()
        .positive()
        .default(600)
        .describe("A model nobody has asked for so long leaves the memory; pinned ones stay."),
    })
    .prefault({}),
  training: z
    .strictObject({
      dir: z.string().min(1).default("data/models").describe("Folder of trained models, their cards and checkpoints."),
      retrain: z
        .array(
          z.strictObject({
            model: z.string().min(1).describe("Model whose next version it makes."),
            family: z.string().min(1),
            broker: z.string().min(1),
            symbol: z.string().min(1),
            timeframe: z.string().default("1m"),
            days: z.number().positive().default(30).describe("Days of candles before the time of training."),
            every_hours: z.number().positive().optional().describe("Market hours between two trainings."),
            on_drift: z.boolean().default(false).describe("Trains when the champion has become worse than it was."),
            settings: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).default({}),
          }),
        )
        .default([])
        .describe("Models trained again by themselves; a new version begins as a shadow."),
    })
    .prefault({}),
  promotion: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Lets a shadow take the champion's place by rule, and the old one come back."),
      least_closes: z.int().min(10).default(200).describe("Closes on which both have spoken before they are compared."),
      margin: z
        .number()
        .min(0)
        .default(2)
        .describe("How many standard errors its mean result must lie above the champion's; below by as many, a new champion goes back."),
      probation_closes: z.int().min(10).default(500).describe("Closes after a promotion on which the former champion runs on as a shadow."),
    })
    .prefault({}),
  venues: z
    .record(z.string(), z.strictObject({ url: z.string() }))
    .default({})
    .describe("Simulated venue servers by broker, for trials of the live road."),
  start: z
    .strictObject({
      variants: z
        .array(z.string())
        .default(["*"])
        .describe("Paper variants of the folder that run without being asked; * is any text. Others by `tradewind variants start`."),
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
 * `TRADEWIND__SECTION__KEY` variables, then `flags`, e.g. `{market: {speed: 10}}`; later ones win. `${NAME}` takes the
 * variable's value. Throws `SYSTEM_CONFIG_INVALID` with every problem of the layer at fault.
 */
export function loadSystem(folder: string, env: Environment, flags: unknown = {}): SystemConfig {
  const overlay = env["TRADEWIND_ENV"];
  if (overlay !== undefined && !/^[A-Za-z0-9_-]+$/.test(overlay))
    throw inputFailure(CODE, `TRADEWIND_ENV is "${overlay}"; it may hold letters, digits, _ and - only`);
  const base = readLayer(join(folder, "system.yaml"), env, false);
  const over = overlay === undefined ? {} : readLayer(join(folder, `system.${overlay}.yaml`), env, true);
  const given = layerOf({ file: "flags", value: flags, locate: () => ({ line: 1, column: 1 }) }, {});
  return deepFreeze(withSecretFiles(systemSchema.parse([over, environmentLayer(env), given].reduce(merge, base))));
}

/** Reads the passwords that are given as files, as containers are handed them. */
function withSecretFiles(config: SystemConfig): SystemConfig {
  const read = (key: string, file: string | undefined): string | undefined => {
    if (file === undefined) return undefined;
    try {
      return readFileSync(file, "utf8").trim();
    } catch {
      throw inputFailure(CODE, `${key} "${file}" cannot be read; create it or correct the path`);
    }
  };
  const bus = read("bus.password_file", config.bus.password_file) ?? config.bus.password;
  const redis = read("redis.password_file", config.redis.password_file) ?? config.redis.password;
  return {
    ...config,
    bus: { ...config.bus, ...(bus !== undefined && { password: bus }) },
    redis: { ...config.redis, ...(redis !== undefined && { password: redis }) },
  };
}

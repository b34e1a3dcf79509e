import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { inputFailure, isFailure, strategies, type Timeframe, type VariantPlan } from "@tradewind/core";
import { check, withoutFaults } from "./check.ts";
import type { Mode } from "./combinations.ts";
import { compileCredentials, compilePlan } from "./compile.ts";
import { symbolsOf } from "./compile-instruments.ts";
import { parseJsonc, problemAt, type SourceDocument } from "./document.ts";
import { deepFreeze } from "./freeze.ts";
import { configHash, sha256 } from "./hash.ts";
import { parseSymbol } from "./instruments/symbol.ts";
import { openParameters, parametersSchema } from "./parameters.ts";
import { problemsFailure, type Path, type Problem } from "./problems.ts";
import type { Notice } from "./report.ts";
import { resolveSecrets, type CredentialReferences, type Environment } from "./secrets.ts";
import { variantSchema, type VariantConfig } from "./variant-schema.ts";

/** What a command may change of a variant for one run. */
export interface LoadOptions {
  readonly modeOverride?: Mode;
  /** Replaces the symbol list. */
  readonly symbolOverride?: readonly string[];
  /** Replaces the timeframes: decision and finest are this one. */
  readonly timeframeOverride?: Timeframe;
  /** When given and the mode touches a venue, the credentials must be there already at loading. */
  readonly env?: Environment;
}

/** A user's strategy file. */
export interface StrategyFile {
  readonly path: string;
  readonly sha256: string;
}

/** A variant ready to run; frozen all through. */
export interface LoadedVariant {
  readonly plan: VariantPlan;
  /** 64 hex digits; see `configHash`. */
  readonly configHash: string;
  readonly notices: readonly Notice[];
  readonly credentials: CredentialReferences;
  readonly strategyFile: StrategyFile | null;
  /** The file with its defaults and overrides, in its own names; secrets as `${NAME}`. */
  readonly config: VariantConfig;
}

const CODE = "VARIANT_INVALID";

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function strategySchemaOf(name: unknown) {
  if (name === "custom") return openParameters;
  const definition = typeof name === "string" && Object.hasOwn(strategies, name) ? strategies[name] : undefined;
  return definition && parametersSchema(definition.parameters);
}

/** Fills strategy parameters in place, where the strategy is known; returns what is wrong with them. */
function fillParameters(document: SourceDocument, holder: unknown, strategy: unknown, path: Path): readonly Problem[] {
  const schema = strategySchemaOf(strategy);
  if (!schema || !isObject(holder)) return [];
  const given = holder["strategy_config"] ?? {};
  if (!isObject(given)) return [];
  const checked = check(schema, document, [...path, "strategy_config"], given);
  if (!checked.ok) return checked.problems;
  holder["strategy_config"] = checked.value;
  return [];
}

function fillAllParameters(document: SourceDocument, value: unknown): readonly Problem[] {
  if (!isObject(value)) return [];
  const main = isObject(value["variants"]) ? value["variants"]["strategy"] : undefined;
  const members = Array.isArray(value["members"]) ? (value["members"] as unknown[]) : [];
  return [
    ...fillParameters(document, value, main, []),
    ...members.flatMap((member, i) => fillParameters(document, member, isObject(member) ? member["strategy"] : undefined, ["members", i])),
  ];
}

/** `${...}` has a meaning in credentials only; anywhere else it would be taken as text. */
function strayReferences(document: SourceDocument, value: unknown, path: Path = []): readonly Problem[] {
  if (path[0] === "broker_config" && path[1] === "credentials") return [];
  if (typeof value === "string" && value.includes("${"))
    return [problemAt(document, path, "environment references are taken in broker_config.credentials only; write the value itself")];
  if (Array.isArray(value)) return value.flatMap((member, i) => strayReferences(document, member, [...path, i]));
  return isObject(value) ? Object.entries(value).flatMap(([key, member]) => strayReferences(document, member, [...path, key])) : [];
}

/** Checks a document's fields one by one. The configuration is of the sound part, so that checks across fields can go on. */
function checkFields(document: SourceDocument): { problems: readonly Problem[]; config: VariantConfig | undefined } {
  const value = structuredClone(document.value);
  const parameterProblems = fillAllParameters(document, value);
  const checked = check(variantSchema, document, [], value);
  const problems = [...strayReferences(document, document.value), ...parameterProblems, ...(checked.ok ? [] : checked.problems)];
  if (problems.length === 0 && checked.ok) return { problems, config: checked.value };
  const sound = variantSchema.safeParse(withoutFaults(value, problems));
  return { problems, config: sound.success ? sound.data : undefined };
}

function sameSymbols(config: VariantConfig, others: readonly string[]): boolean {
  const { list } = symbolsOf(config);
  return list.length === others.length && list.every((symbol, i) => symbol === others[i]);
}

function applyOverrides(config: VariantConfig, file: string, options: LoadOptions): VariantConfig {
  const { modeOverride, symbolOverride, timeframeOverride } = options;
  const { asset_class } = config.variants;
  for (const symbol of symbolOverride ?? []) {
    try {
      parseSymbol(symbol, asset_class, config.instruments[symbol]?.kind ?? config.instruments["*"]?.kind);
    } catch (error) {
      throw isFailure(error) ? inputFailure(error.code, `${file} with another symbol: ${error.message}`) : error;
    }
  }
  return {
    ...config,
    ...(modeOverride === undefined ? {} : { variants: { ...config.variants, mode: modeOverride } }),
    // The very same symbols leave the block as it is written, and with it the hash.
    ...(symbolOverride === undefined || sameSymbols(config, symbolOverride) ? {} : { trading_symbols: [...symbolOverride] }),
    ...(timeframeOverride === undefined ? {} : { timeframes: [timeframeOverride] }),
  };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function readStrategyFile(config: VariantConfig, file: string, report: (path: Path, message: string) => void): StrategyFile | null {
  if (config.strategy_file === undefined) return null;
  const path = resolve(dirname(file), config.strategy_file);
  try {
    return { path, sha256: sha256(readFileSync(path)) };
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "EISDIR")) throw error;
    report(["strategy_file"], `no file at "${config.strategy_file}", taken from the folder of ${file}`);
    return null;
  }
}

/** The variant's id: its file name without the extension. */
function variantId(file: string): string {
  return basename(file).replace(/\.jsonc?$/, "");
}

/**
 * Compiles the text of a variant file; `file` names it in messages and anchors its relative paths.
 * Throws `VARIANT_INVALID` with every problem of the file, one line each, and `SECRET_MISSING` when
 * `env` is given and lacks a needed credential.
 */
export function parseVariant(text: string, file: string, options: LoadOptions = {}): LoadedVariant {
  const document = parseJsonc(text, file, CODE);
  const fields = checkFields(document);
  const problems: Problem[] = [...fields.problems];
  const report = (path: Path, message: string): void => {
    problems.push(problemAt(document, path, message));
  };
  const id = variantId(file);
  if (!/^[A-Za-z0-9_-]+$/.test(id))
    report([], `the file's name is the variant's id and may hold letters, digits, _ and - only, found "${id}"`);
  if (!fields.config) throw problemsFailure(CODE, problems);
  const config = applyOverrides(fields.config, file, options);
  const notices: Notice[] = [];
  const plan = compilePlan(config, id, file, report, notices);
  const strategyFile = readStrategyFile(config, file, report);
  if (problems.length > 0) throw problemsFailure(CODE, problems);
  const credentials = compileCredentials(config, file);
  if (options.env && credentials.needed) resolveSecrets(credentials, options.env);
  const hash = configHash(config, plan.instruments, strategyFile?.sha256 ?? null);
  return deepFreeze({ plan, configHash: hash, notices, credentials, strategyFile, config });
}

/** Reads and compiles a variant file. Throws as `parseVariant` does, and `VARIANT_MISSING`. */
export function loadVariant(path: string, options: LoadOptions = {}): LoadedVariant {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "EISDIR")) throw error;
    const there = listVariants(dirname(path)).map(({ id }) => id);
    const hint = there.length === 0 ? "" : `; its folder has ${there.join(", ")}`;
    throw inputFailure("VARIANT_MISSING", `no variant file at "${path}"${hint}`);
  }
  return parseVariant(text, path, options);
}

/** The variant files directly in a folder, by id; none when the folder is not there. */
export function listVariants(folder: string): readonly { readonly id: string; readonly path: string }[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "ENOTDIR")) throw error;
    return [];
  }
  return names
    .filter((name) => /\.jsonc?$/.test(name))
    .sort()
    .map((name) => ({ id: variantId(name), path: join(folder, name) }));
}

import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import {
  findStrategy,
  HOLD,
  inputFailure,
  isFailure,
  loadStrategy,
  type Candle,
  type Strategy,
  type StrategyContext,
  type StrategyDefinition,
  type View,
} from "@tradewind/core";
import type { LoadedVariant } from "./load-variant.ts";

/** Finds a member's strategy by its name in the plan. */
export type DefinitionOf = (name: string) => StrategyDefinition;

/**
 * The strategies of a variant: the registry's, and the user's own by path. The file is imported once per process.
 * Throws `BAD_STRATEGY_FILE` with the file's own error when it does not load or does not make a strategy.
 */
export async function loadDefinitions(variant: LoadedVariant): Promise<DefinitionOf> {
  const file = variant.strategyFile;
  if (file === null) return findStrategy;
  const own = await loadOwn(file.path);
  return (name) => (name === file.path ? own : findStrategy(name));
}

async function loadOwn(path: string): Promise<StrategyDefinition> {
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw refused(path, error, "it does not load: ");
  }
  const definition = guarded(path, () => loadStrategy(exported, path));
  checkParameters(definition, path);
  return { ...definition, create: (parameters, context) => createOwn(definition, parameters, context, path) };
}

/**
 * A user's strategy as the core takes it. Nothing holds it to its types, so it gets copies of its own (what it does to
 * them reaches nobody else) and what it returns is checked as data.
 */
function createOwn(
  definition: StrategyDefinition,
  parameters: Parameters<StrategyDefinition["create"]>[0],
  context: StrategyContext,
  path: string,
): Strategy {
  const own = Object.freeze({ instrument: context.instrument, calendar: Object.freeze({ ...context.calendar }) });
  const strategy = guarded(path, () => definition.create(parameters, own));
  for (const name of ["onCandle", "snapshot", "restore"] as const)
    if (typeof (strategy as Strategy | null | undefined)?.[name] !== "function")
      throw inputFailure(
        "BAD_STRATEGY_FILE",
        `${path}: create() returned no strategy (${name} is missing); return kit.strategy(state, (state, candle) => view)`,
      );
  return {
    onCandle: (candle: Candle) => guarded(path, () => viewOf(strategy.onCandle(Object.freeze({ ...candle })))),
    snapshot: () => strategy.snapshot(),
    restore: (state) => strategy.restore(state),
  };
}

const expected = 'expected undefined or { action: "BUY" | "SELL" | "HOLD", confidence: 0..1, reason: text, stop?: price, target?: price }';

/** What a strategy returned, read once and as plain data. */
function viewOf(returned: unknown): View | undefined {
  if (returned === undefined) return undefined;
  if (returned === HOLD) return HOLD;
  if (typeof returned !== "object" || returned === null)
    throw inputFailure("STRATEGY_FAILED", `it returned ${typeof returned === "string" ? `"${returned}"` : typeof returned}; ${expected}`);
  const { action, confidence, reason, stop, target } = returned as Partial<View>;
  const wrong = (name: string, value: unknown, type: string) =>
    inputFailure("STRATEGY_FAILED", `the ${name} it returned is ${typeof value === "number" ? value : `no ${type}`}; ${expected}`);
  for (const [name, value] of Object.entries({ action, reason })) if (typeof value !== "string") throw wrong(name, value, "text");
  if (!Number.isFinite(confidence)) throw wrong("confidence", confidence, "number");
  for (const [name, value] of Object.entries({ stop, target }))
    if (value !== undefined && !Number.isFinite(value)) throw wrong(name, value, "number");
  return {
    action: action!,
    confidence: confidence!,
    reason: reason!,
    ...(stop !== undefined && { stop }),
    ...(target !== undefined && { target }),
  };
}

/** A mistake in the specs would otherwise show as a riddle about values. */
function checkParameters(definition: StrategyDefinition, path: string): void {
  for (const [name, spec] of Object.entries<unknown>(definition.parameters)) {
    const {
      type,
      default: preset,
      min,
      max,
      choices,
    } = (typeof spec === "object" && spec !== null ? spec : {}) as Readonly<Record<string, unknown>>;
    const numeric = (type === "number" || type === "integer") && [preset, min, max].every((value) => typeof value === "number");
    if (numeric || (type === "boolean" && typeof preset === "boolean") || (type === "choice" && Array.isArray(choices))) continue;
    throw inputFailure(
      "BAD_STRATEGY_FILE",
      `${path}: parameter ${name} is not described; write { type: "number", default: 1, min: 0, max: 10, doc: "..." }, or of type integer, boolean or choice`,
    );
  }
}

/** Runs a user's code; whatever it throws becomes a failure of one line that says where. */
function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isFailure(error) && error.message.includes(path) ? error : refused(path, error);
  }
}

function refused(path: string, error: unknown, what = ""): Error {
  return inputFailure("BAD_STRATEGY_FILE", `${path}${lineOf(error, path)}: ${what}${said(error)}`);
}

/** The first line of what was thrown, which may be anything. */
function said(thrown: unknown): string {
  try {
    return (thrown instanceof Error ? thrown.message : String(thrown)).split("\n", 1)[0]!;
  } catch {
    return "it threw something that is no error";
  }
}

/** ":line" in the file, where the error tells it. */
function lineOf(error: unknown, path: string): string {
  const stack = error instanceof Error && typeof error.stack === "string" ? error.stack : "";
  const at = stack.indexOf(`${path}:`);
  if (at >= 0) return /^:\d+/.exec(stack.slice(at + path.length))?.[0] ?? "";
  if (!(error instanceof SyntaxError)) return "";
  // An import's syntax error keeps its place to itself; Node's check prints it first.
  const { stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8" });
  return /^\S*(:\d+)$/m.exec(stderr)?.[1] ?? "";
}

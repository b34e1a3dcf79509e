import { pathToFileURL } from "node:url";
import { findStrategy, inputFailure, loadStrategy, type StrategyDefinition } from "@tradewind/core";
import type { LoadedVariant } from "@tradewind/config";

/** Finds a member's strategy by its name in the plan. */
export type DefinitionOf = (name: string) => StrategyDefinition;

/**
 * The strategies of a variant: the registry's, and the user's own by path. The file is imported once per process.
 * Throws `BAD_STRATEGY_FILE` with the file's own error when it does not load.
 */
export async function loadDefinitions(variant: LoadedVariant): Promise<DefinitionOf> {
  const file = variant.strategyFile;
  if (file === null) return findStrategy;
  const own = loadStrategy(await importDefault(file.path), file.path);
  return (name) => (name === file.path ? own : findStrategy(name));
}

async function importDefault(path: string): Promise<unknown> {
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { default?: unknown };
    return loaded.default;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw inputFailure("BAD_STRATEGY_FILE", `${path} does not load: ${said}`);
  }
}

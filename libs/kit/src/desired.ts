import { join } from "node:path";
import { inputFailure } from "@tradewind/core";
import { loadDefinitions, parseVariant, type DefinitionOf, type LoadedVariant } from "@tradewind/config";
import type { DesiredVariant } from "@tradewind/contracts";
import type { ServiceContext } from "./context.ts";
import { lineOf } from "./logger.ts";

/** A variant that is to run, compiled from the text in bucket `variants`. */
export interface RunningVariant {
  readonly desired: DesiredVariant;
  readonly loaded: LoadedVariant;
  /** Its strategies: the registry's and its own file's. */
  readonly definitionOf: DefinitionOf;
}

/** The enabled variants as of now; `changed` is called after each change. */
export interface DesiredVariants {
  all(): readonly RunningVariant[];
  get(id: string): RunningVariant | undefined;
  stop(): void;
}

/** Follows the control plane. A revision that cannot be read or compiled here is told in one line, and the one before goes on. */
export async function followVariants(context: ServiceContext, changed: () => void): Promise<DesiredVariants> {
  const variants = new Map<string, RunningVariant>();
  const newest = new Map<string, number>();
  let ready = false;

  async function take(id: string, value: string | undefined, revision: number): Promise<void> {
    newest.set(id, revision);
    try {
      const desired = value === undefined ? undefined : recordOf(id, value);
      const running = desired?.enabled === true ? await compile(context, desired) : undefined;
      if (newest.get(id) !== revision) return;
      if (running === undefined) variants.delete(id);
      else variants.set(id, running);
    } catch (error) {
      // A record that nobody can read must not take a running variant from its positions.
      const line = `variant ${id} ${variants.has(id) ? "goes on as it was" : "is left out"}: ${lineOf(error)}`;
      context.log.error(line);
      context.state.note(line);
    }
    if (ready) tellChanged();
  }
  function tellChanged(): void {
    try {
      changed();
    } catch (error) {
      context.fail(error);
    }
  }

  const first: Promise<void>[] = [];
  const watch = await context.bus.kv("variants").watch(({ key, value, revision }) => {
    const taken = take(key, value, revision);
    if (!ready) first.push(taken);
  });
  await Promise.all(first);
  ready = true;
  return {
    // Config order is the order of ids: every stage must see the same one.
    all: () => [...variants.values()].sort((a, b) => (a.desired.id < b.desired.id ? -1 : 1)),
    get: (id) => variants.get(id),
    stop: () => watch.stop(),
  };
}

function recordOf(id: string, text: string): DesiredVariant {
  const record = JSON.parse(text) as Partial<DesiredVariant> | null;
  const whole =
    record?.id === id &&
    typeof record.text === "string" &&
    typeof record.enabled === "boolean" &&
    Number.isFinite(record.revision) &&
    Number.isFinite(record.effectiveFrom);
  if (whole) return record as DesiredVariant;
  throw inputFailure("VARIANT_RECORD", `its record in bucket variants is none of "${id}": ${text.slice(0, 80)}; start the variant again`);
}

async function compile(context: ServiceContext, desired: DesiredVariant): Promise<RunningVariant> {
  const loaded = parseVariant(desired.text, join(context.configDir, "variants", `${desired.id}.json`));
  return { desired, loaded, definitionOf: await loadDefinitions(loaded) };
}

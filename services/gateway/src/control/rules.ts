import { canonicalJson, type LoadedVariant, type SystemConfig } from "@tradewind/config";
import { inputFailure } from "@tradewind/core";
import type { DesiredVariant } from "@tradewind/contracts";

/** What is written, or why nothing is. */
export interface Verdict {
  readonly next?: DesiredVariant;
  readonly problem?: string;
}

/** Asked last by the folder, not by a person. */
export const BY_FILE = "file";

export interface FileFacts {
  readonly id: string;
  /** Undefined when the file is gone. */
  readonly text: string | undefined;
  readonly loaded: LoadedVariant | undefined;
  /** What the desired text compiles to; undefined when there is none, or when it does not compile any more. */
  readonly running: LoadedVariant | undefined;
  /** May start by its file alone. */
  readonly startsAlone: boolean;
  /** Market time from which a first revision, and a later one, decides. */
  readonly firstFrom: number;
  readonly changeFrom: number;
}

/** What a variant's file asks of what is desired of it. */
export function byFile(current: DesiredVariant | undefined, facts: FileFacts): Verdict {
  const { id, text, loaded } = facts;
  if (text === undefined || loaded === undefined) return gone(current, facts);
  if (current === undefined) {
    if (!facts.startsAlone) return {};
    return {
      next: { id, revision: 1, effectiveFrom: facts.firstFrom, enabled: true, text, configHash: loaded.configHash, by: BY_FILE },
    };
  }
  const changed = { ...current, revision: current.revision + 1, effectiveFrom: facts.changeFrom, text, configHash: loaded.configHash };
  if (!current.enabled) return current.by === BY_FILE && facts.startsAlone ? { next: { ...changed, enabled: true } } : {};
  if (sameMeaning(current, facts)) return {};
  const { mode } = loaded.plan;
  if (mode !== "paper" && mode !== facts.running?.plan.mode)
    return {
      problem: `its file now says mode ${mode}, which no file starts by itself; the old revision goes on: stop it and start it by command`,
    };
  return { next: changed };
}

function gone(current: DesiredVariant | undefined, { text, changeFrom }: FileFacts): Verdict {
  if (current?.enabled !== true || text !== undefined) return {};
  if (current.by !== BY_FILE) return { problem: "its file is gone; it was started by command and goes on until it is stopped" };
  return { next: { ...current, revision: current.revision + 1, effectiveFrom: changeFrom, enabled: false } };
}

/** Comments and layout make no new revision; everything the compiler reads does. */
function sameMeaning(current: DesiredVariant, { loaded, running }: FileFacts): boolean {
  if (loaded === undefined || running === undefined) return false;
  return loaded.configHash === current.configHash && canonicalJson(loaded.config) === canonicalJson(running.config);
}

/** Throws `MODE_NOT_STARTED` unless a variant of this mode can be started by command in this system. */
export function assertStartable({ plan }: LoadedVariant, config: SystemConfig, clock: "events" | "wall"): void {
  if (plan.mode === "paper" || clock === "events") return;
  if (plan.mode === "backtest")
    throw inputFailure(
      "MODE_NOT_STARTED",
      `${plan.id} is of mode backtest: run it with "tradewind backtest ${plan.id}", or set mode paper`,
    );
  if (config.venues[plan.broker] === undefined)
    throw inputFailure(
      "MODE_NOT_STARTED",
      `${plan.id} is of mode ${plan.mode}: live venues come later; set mode paper, or give venues.${plan.broker}.url of a simulated venue server`,
    );
}

/** Whether a text fits one of the patterns of `start.variants`; `*` is any text. */
export function fitsGlobs(id: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(id);
  });
}

import { createPrng, type CandleColumns, type Decision, type VariantPlan } from "@tradewind/core";
import { runBacktest } from "./backtest.ts";
import { outsideReads } from "./outside-reads.ts";
import type { DefinitionOf } from "./strategy-file.ts";

export interface LookaheadProof {
  readonly proven: boolean;
  readonly decisions: number;
  /** Decisions that are BUY or SELL. */
  readonly actions: number;
  /** Decisions that changed when the future was noise; the first is described. */
  readonly changed: number;
  readonly first_change: { readonly instrument: string; readonly close_time: string; readonly with_future: string; readonly without_future: string } | null;
  /** Files, sockets and processes the strategy opened for itself: it may know the future by them. */
  readonly outside_reads: readonly string[];
  readonly seed: number;
}

export interface ProofInput {
  readonly plan: VariantPlan;
  readonly columns: readonly CandleColumns[];
  /** Loads the strategies; called under watch. */
  readonly load: () => Promise<DefinitionOf>;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Compares each decision of a run over the data with the same decision of a run in which, at that moment, every
 * later row is noise: rows become true one close at a time, right before they are read. No decision may differ.
 * Strategies that remember one run in the next, or that read files, are caught as well.
 */
export async function proveNoLookahead(input: ProofInput): Promise<LookaheadProof> {
  const { value, reads } = await outsideReads(async () => {
    const definitionOf = await input.load();
    const blind = decisionsOf(input, definitionOf, true);
    const seeing = decisionsOf(input, definitionOf, false);
    return { blind, seeing };
  });
  const { blind, seeing } = value;
  let changed = 0;
  let first: LookaheadProof["first_change"] = null;
  for (let i = 0; i < Math.max(blind.length, seeing.length); i++) {
    const a = blind[i];
    const b = seeing[i];
    if (a !== undefined && b !== undefined && describe(a) === describe(b)) continue;
    changed += 1;
    const known = (b ?? a)!;
    first ??= { instrument: known.instrument, close_time: new Date(known.closeTime).toISOString(), with_future: b ? describe(b) : "none", without_future: a ? describe(a) : "none" };
  }
  return {
    proven: changed === 0 && reads.length === 0,
    decisions: seeing.length,
    actions: seeing.filter((decision) => decision.action !== "HOLD").length,
    changed,
    first_change: first,
    outside_reads: reads,
    seed: input.seed,
  };
}

function describe(decision: Decision): string {
  const { action, score, reason, stop, target } = decision;
  return `${action} ${score} stop ${stop ?? "none"} target ${target ?? "none"} (${reason})`;
}

function decisionsOf(input: ProofInput, definitionOf: DefinitionOf, blind: boolean): Decision[] {
  const decisions: Decision[] = [];
  const columns = blind ? input.columns.map((own, k) => noise(own, input.seed + k)) : input.columns;
  runBacktest({
    plan: input.plan,
    columns,
    definitionOf,
    onDecision: (decision) => void decisions.push(decision),
    ...(input.onProgress && { onProgress: input.onProgress }),
    ...(blind && { beforeRead: (k, row) => reveal(input.columns[k]!, columns[k]!, row) }),
  });
  return decisions;
}

const priceFields = ["open", "high", "low", "close", "volume"] as const;

function reveal(truth: CandleColumns, shown: CandleColumns, row: number): void {
  for (const field of priceFields) shown[field][row] = truth[field][row]!;
}

/** The same times with prices of a seeded random walk from the first open. */
export function noise(columns: CandleColumns, seed: number): CandleColumns {
  const prng = createPrng(seed);
  const { length } = columns;
  const made = { ...columns, ...Object.fromEntries(priceFields.map((field) => [field, new Float64Array(length)])) } as CandleColumns;
  let price = columns.open[0] ?? 1;
  for (let i = 0; i < length; i++) {
    const open = price;
    price = Math.max(open * (1 + 0.01 * prng.normal()), Number.MIN_VALUE);
    made.open[i] = open;
    made.close[i] = price;
    made.high[i] = Math.max(open, price) * (1 + 0.005 * prng.next());
    made.low[i] = Math.min(open, price) * (1 - 0.005 * prng.next());
    made.volume[i] = (columns.volume[i] ?? 1) * 2 * prng.next();
  }
  return made;
}

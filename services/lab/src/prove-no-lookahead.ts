import { createPrng, type CandleColumns, type Decision, type VariantPlan } from "@tradewind/core";
import { runBacktest } from "./backtest.ts";
import type { BeforeRead } from "./closes.ts";
import { outsideReads } from "./outside-reads.ts";
import type { DefinitionOf } from "@tradewind/config";

export interface LookaheadProof {
  readonly proven: boolean;
  readonly decisions: number;
  /** Decisions that are BUY or SELL. */
  readonly actions: number;
  /** Decisions that changed when the future was noise; the first is described. */
  readonly changed: number;
  readonly first_change: {
    readonly instrument: string;
    readonly close_time: string;
    readonly with_future: string;
    readonly without_future: string;
  } | null;
  /** Files, sockets and processes the strategy used for itself: it may know the future by them. */
  readonly outside_reads: readonly string[];
  /** Of the run with the true data; a backtest with the same one made the decisions compared here. */
  readonly ledger_hash: string;
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
 *
 * The blind run comes first, so what a strategy remembers of it shows in the other. The noise is made before the
 * strategies load, and from there on the true rows are only ever copied number by number: no function that a strategy
 * could have replaced gets hold of them. What a strategy reads for itself is listed. One thing cannot be seen from
 * outside: prices written into its code. `ledger_hash` says which run the proof is of.
 */
export async function proveNoLookahead(input: ProofInput): Promise<LookaheadProof> {
  const shown = input.columns.map((own, k) => noise(own, input.seed + k));
  const { value, reads } = await outsideReads(async () => {
    const definitionOf = await input.load();
    const blind = decide(input, definitionOf, shown, (k, row) => reveal(input.columns[k]!, shown[k]!, row));
    const seeing = decide(input, definitionOf, input.columns);
    return { blind: blind.decisions, seeing: seeing.decisions, ledgerHash: seeing.ledgerHash };
  });
  const { blind, seeing, ledgerHash } = value;
  let changed = 0;
  let first: LookaheadProof["first_change"] = null;
  for (let i = 0; i < Math.max(blind.length, seeing.length); i++) {
    const a = blind[i];
    const b = seeing[i];
    if (a !== undefined && b !== undefined && describe(a) === describe(b)) continue;
    changed += 1;
    const known = (b ?? a)!;
    first ??= {
      instrument: known.instrument,
      close_time: new Date(known.closeTime).toISOString(),
      with_future: b ? describe(b) : "none",
      without_future: a ? describe(a) : "none",
    };
  }
  return {
    proven: changed === 0 && reads.length === 0,
    decisions: seeing.length,
    actions: seeing.filter((decision) => decision.action !== "HOLD").length,
    changed,
    first_change: first,
    outside_reads: reads,
    ledger_hash: ledgerHash,
    seed: input.seed,
  };
}

function describe(decision: Decision): string {
  const { action, score, reason, stop, target } = decision;
  return `${action} ${score} stop ${stop ?? "none"} target ${target ?? "none"} (${reason})`;
}

function decide(
  input: ProofInput,
  definitionOf: DefinitionOf,
  columns: readonly CandleColumns[],
  beforeRead?: BeforeRead,
): { decisions: Decision[]; ledgerHash: string } {
  const decisions: Decision[] = [];
  const { ledger } = runBacktest({
    plan: input.plan,
    columns,
    definitionOf,
    onDecision: (decision) => void decisions.push(decision),
    ...(input.onProgress && { onProgress: input.onProgress }),
    ...(beforeRead && { beforeRead }),
  });
  return { decisions, ledgerHash: ledger.digest() };
}

/** Field by field: a loop would go through an iterator, and that a strategy could have replaced. */
function reveal(truth: CandleColumns, shown: CandleColumns, row: number): void {
  shown.open[row] = truth.open[row]!;
  shown.high[row] = truth.high[row]!;
  shown.low[row] = truth.low[row]!;
  shown.close[row] = truth.close[row]!;
  shown.volume[row] = truth.volume[row]!;
}

const priceFields = ["open", "high", "low", "close", "volume"] as const;

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

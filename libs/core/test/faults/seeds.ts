import type { LedgerEntry } from "../../src/ledger/entry.ts";
import { Violation } from "./audit.ts";
import { live } from "./harness.ts";
import { production, type Code, type Life, type ShellOrder } from "./life.ts";
import { createTrace } from "./trace.ts";
import { drawWorld } from "./world.ts";

const TRACED = 30;

/** A life that broke a promise. */
export interface Failed {
  readonly seed: number;
  readonly invariant: string;
  /** Seed, fault options, violation and the last steps. */
  readonly story: string;
}

/** What the lives of a run went through, so that a run that sees nothing does not pass for a good one. */
export type Coverage = Record<string, number>;

/** The seeds `from` to `from + count - 1`, or the one in the environment's SEED. */
export function askedSeeds(from: number, count: number): number[] {
  const only = process.env["SEED"];
  return only === undefined ? Array.from({ length: count }, (_, i) => from + i) : [Number(only)];
}

/** Lives these seeds one after the other. Stops at the first that fails. */
export function liveSeeds(
  seeds: readonly number[],
  code: Code = production,
  order: ShellOrder = "appends_first",
): { failed: Failed | undefined; coverage: Coverage } {
  const coverage: Coverage = {};
  for (const seed of seeds) {
    try {
      observe(coverage, live(seed, code, order));
    } catch (error) {
      return { failed: relive(seed, code, order, error), coverage };
    }
  }
  return { failed: undefined, coverage };
}

/** Lives a failed seed once more, this time writing its steps down. */
function relive(seed: number, code: Code, order: ShellOrder, first: unknown): Failed {
  const trace = createTrace(TRACED);
  let cause = first;
  try {
    live(seed, code, order, trace);
  } catch (error) {
    cause = error;
  }
  const { faults, crashShare, plans } = drawWorld(seed);
  const plan = plans[0]!;
  const invariant = cause instanceof Violation ? cause.invariant : "the machine throws";
  const options = JSON.stringify({
    ...faults,
    crashShare,
    kind: plan.instruments[0]!.kind,
    instruments: plan.instruments.length,
    variants: plans.length,
    sizing: plan.sizing.method,
    fills: plan.fills,
    exits: plan.exits,
    risk: plan.risk,
  });
  return { seed, invariant, story: `SEED=${seed}\n${options}\n${trace.lines.join("\n")}\n${String(cause)}` };
}

function observe(coverage: Coverage, life: Life): void {
  const saw = (what: string, times = 1) => {
    coverage[what] = (coverage[what] ?? 0) + times;
  };
  saw("lives");
  saw("steps", life.steps);
  saw("crashes", life.crashes);
  saw(`${life.world.plans[0]!.instruments[0]!.kind} lives`);
  if (life.world.plans.length > 1) saw("shared lives");
  for (const entry of life.ledger) observeEntry(saw, entry);
}

function observeEntry(saw: (what: string) => void, entry: LedgerEntry): void {
  for (const event of entry.events) {
    if (event.type === "order_closed") saw(event.outcome);
    else if (event.type === "order_requested") saw(event.request);
    else if (event.type === "order_intended") saw(event.order.leg);
    else if (event.type === "denied") saw(event.code);
    else if (event.type === "state") saw(event.state);
    else saw(event.type);
  }
}

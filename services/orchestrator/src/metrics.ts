import type { Decision, VariantPlan } from "@tradewind/core";
import { Counter, Gauge, type Registry } from "prom-client";

/** Why a member is taken to abstain whose word has not come in time. */
export const NO_WORD = "no word by the deadline";

export interface OrchestratorMetrics {
  /** Counts a decision made here, its abstentions and missed deadlines, and shows its weights. */
  decided(decision: Decision): void;
  /** Shows the weights of a decision found in the log. */
  recalled(decision: Decision): void;
  /** Another instance works the variant from now on, or none. */
  forget(plan: VariantPlan): void;
}

export function createOrchestratorMetrics(registry: Registry): OrchestratorMetrics {
  const registers = [registry];
  const decisions = new Counter({
    name: "tradewind_decisions_total",
    help: "Decisions made.",
    labelNames: ["variant", "action"],
    registers,
  });
  const abstentions = new Counter({
    name: "tradewind_abstentions_total",
    help: "Members that did not vote in a decision.",
    labelNames: ["variant", "source"],
    registers,
  });
  const misses = new Counter({
    name: "tradewind_deadline_misses_total",
    help: "Members without a word by a close's deadline.",
    labelNames: ["variant", "source"],
    registers,
  });
  const weights = new Gauge({
    name: "tradewind_member_weight",
    help: "A member's share of the vote.",
    labelNames: ["variant", "instrument", "source"],
    registers,
  });
  const show = ({ variant, instrument, votes }: Decision): void => {
    for (const { source, weight } of votes) weights.set({ variant, instrument, source }, weight);
  };
  return {
    recalled: show,
    decided(decision) {
      const { variant, action, votes } = decision;
      decisions.inc({ variant, action });
      show(decision);
      for (const { source, vote, reason } of votes) {
        if (vote !== null) continue;
        abstentions.inc({ variant, source });
        if (reason === NO_WORD) misses.inc({ variant, source });
      }
    },
    forget({ id, instruments, members }) {
      for (const instrument of instruments)
        for (const { source } of members) weights.remove({ variant: id, instrument: instrument.id, source });
    },
  };
}

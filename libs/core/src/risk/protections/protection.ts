import type { ProtectionPlan } from "../../domain/plan.ts";
import type { ClosedTrade } from "../../trade/account.ts";

/** What a protection looks at when a trade has closed. */
export interface ProtectionView {
  readonly plan: ProtectionPlan;
  /** The variant's trades closed within the plan's window, oldest first; the last one has just closed. */
  readonly trades: readonly ClosedTrade[];
  /** The variant's equity now, settle currency. */
  readonly equity: number;
}

/** A lock to set; `instrument` "*" locks the whole variant. */
export interface Locking {
  readonly instrument: string;
  readonly reason: string;
}

/** A rule that turns recent trades into a timed lock. One file and one registry line each. */
export interface Protection {
  readonly kind: string;
  readonly doc: string;
  /** True when `limitPct` must be above 0 for the rule to mean anything. */
  readonly needsLimit: boolean;
  judge(view: ProtectionView): Locking | undefined;
}

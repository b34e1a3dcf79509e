import {
  createStrategyMachine,
  decodeSnapshot,
  encodeSnapshot,
  type Abstention,
  type Calendar,
  type Candle,
  type MemberPlan,
  type Signal,
  type StrategyDefinition,
  type StrategyMachine,
} from "@tradewind/core";
import { lineOf } from "@tradewind/kit";

/** What a checkpoint keeps of a member. */
export interface SavedMember {
  readonly source: string;
  /** Text of its machine's snapshot; undefined once it has failed. */
  readonly state: string | undefined;
  /** Why it abstains for good. */
  readonly failed: string | undefined;
}

/** A strategy that votes. One that throws abstains with the reason from then on; the others go on. */
export interface Member {
  readonly source: string;
  evaluate(candle: Candle): Signal | Abstention;
  snapshot(): SavedMember;
}

export interface MemberOptions {
  readonly plan: MemberPlan;
  readonly definitionOf: (name: string) => StrategyDefinition;
  readonly instrument: string;
  readonly calendar: Calendar;
  /** From a checkpoint; one that cannot be restored throws. */
  readonly saved: SavedMember | undefined;
  readonly onFailed: (source: string, reason: string) => void;
}

export function createMember({ plan, definitionOf, instrument, calendar, saved, onFailed }: MemberOptions): Member {
  const { source } = plan;
  let failed = saved?.failed;
  let machine: StrategyMachine | undefined;

  function fail(error: unknown): void {
    failed = lineOf(error);
    machine = undefined;
    onFailed(source, failed);
  }

  if (failed === undefined)
    try {
      machine = createStrategyMachine(plan, definitionOf(plan.name), instrument, calendar);
    } catch (error) {
      fail(error);
    }
  if (saved?.state !== undefined) machine?.restore(decodeSnapshot(saved.state));

  return {
    source,
    evaluate(candle) {
      try {
        if (machine !== undefined) return machine.onCandle(candle);
      } catch (error) {
        fail(error);
      }
      return { source, instrument, closeTime: candle.closeTime, reason: failed ?? "failed" };
    },
    snapshot: () => ({ source, state: machine && encodeSnapshot(machine.snapshot()), failed }),
  };
}

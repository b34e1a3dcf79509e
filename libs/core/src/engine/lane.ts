import { createDecide, type DecideEvent } from "../decide/decide.ts";
import type { Candle } from "../domain/candle.ts";
import type { Decision, Prediction } from "../domain/decision.ts";
import type { VariantPlan } from "../domain/plan.ts";
import { aggregationChain } from "../market/aggregate-chain.ts";
import type { Calendar } from "../market/calendar.ts";
import { createStrategyMachine } from "../strategies/evaluate.ts";
import type { StrategyDefinition } from "../strategies/strategy.ts";

export interface LaneOptions {
  readonly plan: VariantPlan;
  readonly calendarOf: (name: string) => Calendar;
  /** A member's strategy by its name in the plan. */
  readonly definitionOf: (name: string) => StrategyDefinition;
  /** Recorded predictions of a close; models abstain where there are none. */
  readonly predictionOf?: (source: string, instrument: string, closeTime: number) => Prediction | undefined;
}

/** One instrument of a variant from its candles to its decisions: aggregation, strategies, vote. */
export interface Lane {
  /** Takes the next finest candle and calls `decided` for each decision it leads to. */
  onCandle(candle: Candle, decided: (decision: Decision) => void): void;
  snapshot(): unknown;
  restore(state: unknown): void;
}

export function createLane(options: LaneOptions, instrument: string, calendarName: string): Lane {
  const { plan } = options;
  const calendar = options.calendarOf(calendarName);
  const aggregate = plan.timeframe === plan.finestTimeframe ? undefined : aggregationChain(calendar, plan.finestTimeframe, plan.timeframe);
  const models = plan.members.filter((member) => member.kind === "model").map((member) => member.source);
  const strategies = plan.members
    .filter((member) => member.kind === "strategy")
    .map((member) => createStrategyMachine(member, options.definitionOf(member.name), instrument, calendar));
  const decide = createDecide(plan, calendar);

  function tell(event: DecideEvent, decided: (decision: Decision) => void): void {
    for (const decision of decide.step(event)) decided(decision);
  }

  function evaluate(candle: Candle, decided: (decision: Decision) => void): void {
    tell({ type: "close", candle }, decided);
    for (const strategy of strategies) {
      const said = strategy.onCandle(candle);
      tell("action" in said ? { type: "signal", signal: said } : { type: "abstention", abstention: said }, decided);
    }
    for (const source of models) {
      const prediction = options.predictionOf?.(source, instrument, candle.closeTime);
      const abstention = { source, instrument, closeTime: candle.closeTime, reason: "no prediction" };
      tell(prediction === undefined ? { type: "abstention", abstention } : { type: "prediction", prediction }, decided);
    }
  }

  return {
    onCandle(candle, decided) {
      if (aggregate === undefined) return evaluate(candle, decided);
      for (const coarse of aggregate.update(candle)) if (coarse.timeframe === plan.timeframe) evaluate(coarse, decided);
    },
    snapshot: () => ({
      aggregate: aggregate?.snapshot(),
      strategies: strategies.map((strategy) => strategy.snapshot()),
      decide: decide.snapshot(),
    }),
    restore(saved) {
      const state = saved as { aggregate: unknown; strategies: unknown[]; decide: unknown };
      aggregate?.restore(state.aggregate);
      strategies.forEach((strategy, i) => strategy.restore(state.strategies[i]));
      decide.restore(state.decide);
    },
  };
}

import type { Candle } from "../domain/candle.ts";
import type { Abstention, Signal } from "../domain/decision.ts";
import type { MemberPlan } from "../domain/plan.ts";
import { Failure, isFailure } from "../errors.ts";
import type { Calendar } from "../market/calendar.ts";
import { isoTime } from "../market/civil.ts";
import type { Strategy, StrategyDefinition, View } from "./strategy.ts";

/** The strategy machine: one closed candle in, one signal or abstention out. */
export interface StrategyMachine {
  readonly source: string;
  onCandle(candle: Candle): Signal | Abstention;
  snapshot(): unknown;
  restore(state: unknown): void;
}

/** A member's strategy on one instrument. Throws `STRATEGY_FAILED` when the strategy throws or returns nonsense. */
export function createStrategyMachine(
  member: MemberPlan,
  definition: StrategyDefinition,
  instrument: string,
  calendar: Calendar,
): StrategyMachine {
  const strategy: Strategy = definition.create(member.parameters, { instrument, calendar });
  const { source } = member;
  return {
    source,
    onCandle(candle) {
      const view = evaluate(strategy, source, candle);
      if (view === undefined) return { source, instrument: candle.instrument, closeTime: candle.closeTime, reason: "warming up" };
      return signalOf(view, source, candle);
    },
    snapshot: () => strategy.snapshot(),
    restore: (state) => strategy.restore(state),
  };
}

function evaluate(strategy: Strategy, source: string, candle: Candle): View | undefined {
  let view: View | undefined;
  try {
    view = strategy.onCandle(candle);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Failure(
      isFailure(error) ? error.action : "input",
      "STRATEGY_FAILED",
      `strategy "${source}" threw on the candle of ${candle.instrument} closing at ${isoTime(candle.closeTime)}: ${said}`,
      { cause: error },
    );
  }
  if (view !== undefined && !isView(view))
    throw new Failure(
      "input",
      "STRATEGY_FAILED",
      `strategy "${source}" returned ${describe(view)} on the candle closing at ${isoTime(candle.closeTime)}; expected undefined or { action: "BUY" | "SELL" | "HOLD", confidence: 0..1, reason: text of at most ${REASON_MOST} letters }`,
    );
  return view;
}

/** A reason travels with every signal and decision: it is for people, in one line. */
const REASON_MOST = 1_000;

function isView(view: View): boolean {
  if (typeof view !== "object" || view === null) return false;
  const { action, confidence, stop, target } = view;
  if (action !== "BUY" && action !== "SELL" && action !== "HOLD") return false;
  if (typeof confidence !== "number" || !(confidence >= 0 && confidence <= 1) || typeof view.reason !== "string") return false;
  if (view.reason.length > REASON_MOST) return false;
  return isPrice(stop) && isPrice(target);
}

function isPrice(value: number | undefined): boolean {
  return value === undefined || (typeof value === "number" && value > 0 && value < Infinity);
}

function describe(value: unknown): string {
  let text: string;
  try {
    text = typeof value === "object" ? JSON.stringify(value) : (value as string);
  } catch {
    text = `something of type ${typeof value} that cannot be printed`;
  }
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

function signalOf(view: View, source: string, candle: Candle): Signal {
  const { action, confidence, reason, stop, target } = view;
  if (stop === undefined && target === undefined)
    return { source, instrument: candle.instrument, closeTime: candle.closeTime, action, confidence, reason };
  return {
    source,
    instrument: candle.instrument,
    closeTime: candle.closeTime,
    action,
    confidence,
    reason,
    ...(stop === undefined ? undefined : { stop }),
    ...(target === undefined ? undefined : { target }),
  };
}

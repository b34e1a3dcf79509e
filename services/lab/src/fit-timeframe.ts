import { timeframeMs, type Timeframe, type VariantPlan } from "@tradewind/core";

/** The timeframes of a run over data of `timeframe`: the variant's own decisions where the data is finer, else the data's. */
export function fitTimeframe(plan: VariantPlan, timeframe: Timeframe): "same" | "finer" | "coarser" {
  const data = timeframeMs(timeframe);
  const decision = timeframeMs(plan.timeframe);
  return data === decision ? "same" : data < decision ? "finer" : "coarser";
}

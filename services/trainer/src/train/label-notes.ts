import { findLabelRule, sideCost, toNumber, type DatasetPlan } from "@tradewind/core";

/**
 * What the orchestrator scores a version's probabilities against: by how much (a share of the price) it must move over
 * how many closes to be called up or down. Empty for a label that no two closes tell.
 */
export function labelNotes({ label, instrument, costs }: DatasetPlan): Record<string, string> {
  if (label.name !== "forward_return") return {};
  const { horizon } = findLabelRule(label.name).complete(label.parameters);
  const cost = sideCost(toNumber(instrument.takerFee), costs);
  return { label_closes: String(horizon), label_band: String(Number(((2 * cost) / (1 - cost)).toFixed(8))) };
}

import type { Bus } from "@tradewind/bus";
import { decodeMessage, subjectOf, tokenOf, type PayloadOf } from "@tradewind/contracts";
import type { Prediction, VariantPlan } from "@tradewind/core";

/** What the models of a decision said, by member; without those whose newest word is on another close already. */
export async function predictionsOf(
  bus: Bus,
  plan: VariantPlan,
  { instrument, closeTime, votes }: PayloadOf<"decision">,
): Promise<ReadonlyMap<string, Prediction>> {
  const found = new Map<string, Prediction>();
  for (const { source, kind, name } of plan.members) {
    if (kind !== "model" || !votes.some((vote) => vote.source === source && vote.vote !== null)) continue;
    const last = await bus.last(subjectOf("prediction", { model: name, venue: tokenOf(plan.broker), instrument }));
    const decoded = last && decodeMessage("prediction", last.data);
    if (decoded?.ok !== true || decoded.envelope.data.type !== "prediction") continue;
    const { prediction } = decoded.envelope.data;
    if (prediction.closeTime === closeTime) found.set(source, prediction);
  }
  return found;
}

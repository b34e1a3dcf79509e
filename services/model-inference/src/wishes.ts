import { createHash } from "node:crypto";
import { timeframeMs, type Timeframe, type VariantPlan } from "@tradewind/core";
import type { RunManifest, ServedModel } from "@tradewind/contracts";
import type { RunningVariant } from "@tradewind/kit";
import type { LaneWish } from "./lane.ts";

/** What the enabled variants want of models: by model id, one wish per broker and instrument, in a fixed order. */
export function wishesOf(variants: readonly RunningVariant[]): ReadonlyMap<string, readonly LaneWish[]> {
  const wishes = new Map<string, Map<string, LaneWish>>();
  for (const { desired, loaded } of variants) {
    const { plan } = loaded;
    for (const model of modelsOf(plan)) {
      const own = wishes.get(model) ?? new Map<string, LaneWish>();
      wishes.set(model, own);
      for (const instrument of plan.instruments) {
        const key = `${plan.broker}/${instrument.id}`;
        const other = own.get(key);
        own.set(key, {
          broker: plan.broker,
          instrument,
          effectiveFrom: Math.min(desired.effectiveFrom, other?.effectiveFrom ?? Infinity),
          timeframe: other === undefined ? plan.timeframe : finer(plan.timeframe, other.timeframe),
        });
      }
    }
  }
  const sorted = (own: Map<string, LaneWish>): LaneWish[] => [...own].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, wish]) => wish);
  return new Map([...wishes].map(([model, own]) => [model, sorted(own)]));
}

/**
 * Changes when the work of a model's partition must start anew. On the wall clock another file that takes the same
 * features does not ask for that; on the events clock each part of a run is one version's.
 */
export function versionOf(
  { sha256, device, featureSchema }: ServedModel,
  wishes: readonly LaneWish[],
  clock: RunManifest["clock"],
): string {
  const lanes = wishes.map(({ broker, instrument, effectiveFrom, timeframe }) => [broker, instrument.id, effectiveFrom, timeframe]);
  return createHash("sha256")
    .update(JSON.stringify([featureSchema, lanes, ...(clock === "events" ? [sha256, device] : [])]))
    .digest("hex");
}

/** Ids of the models that vote in a variant. */
export function modelsOf(plan: Pick<VariantPlan, "members">): readonly string[] {
  return [...new Set(plan.members.filter(({ kind }) => kind === "model").map(({ name }) => name))];
}

function finer(a: Timeframe, b: Timeframe): Timeframe {
  return timeframeMs(a) < timeframeMs(b) ? a : b;
}

import { championOf, shadowsOf, tokenOf, type ModelRecord } from "@tradewind/contracts";
import type { LabelMove, Timeframe } from "@tradewind/core";
import type { RunningVariant } from "@tradewind/kit";

/** An instrument that a model speaks on for running variants. */
export interface ScoredLane {
  /** Of its scores: venue and instrument. */
  readonly name: string;
  readonly venue: string;
  readonly instrument: string;
  /** The timeframe on whose closes the model speaks. */
  readonly timeframe: Timeframe;
}

/** Ids of the models that running variants have as members. */
export function modelsOf(variants: readonly RunningVariant[]): string[] {
  const ids = variants.flatMap(({ loaded }) => loaded.plan.members.filter(({ kind }) => kind === "model").map(({ name }) => name));
  return [...new Set(ids)].sort();
}

/** Where a model is scored, in a fixed order. */
export function lanesOf(variants: readonly RunningVariant[], model: ModelRecord): ScoredLane[] {
  const speaking = championOf(model) ?? shadowsOf(model)[0];
  if (speaking === undefined) return [];
  const timeframe = speaking.matrix.timeframes[0]!;
  const lanes = new Map<string, ScoredLane>();
  for (const { loaded } of variants) {
    const { broker, instruments, members } = loaded.plan;
    if (!members.some(({ kind, name }) => kind === "model" && name === model.id)) continue;
    const venue = tokenOf(broker);
    for (const { id: instrument } of instruments) {
      const name = `${venue} ${instrument}`;
      lanes.set(name, { name, venue, instrument, timeframe });
    }
  }
  return [...lanes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The versions that speak, by their token in `tw.prediction.{model}`, with the hash of each. */
export function voicesOf(model: ModelRecord): ReadonlyMap<string, string> {
  const champion = championOf(model);
  const speaking = [...(champion === undefined ? [] : [champion]), ...shadowsOf(model)];
  return new Map(speaking.map(({ speaksAs, sha256 }) => [speaksAs, sha256]));
}

const NEXT_CLOSE: LabelMove = { closes: 1, band: 0 };

/** What the label of a version looks at, as its file says in `label_closes` and `label_band`; else whether the next close is higher. */
export function labelOf(model: ModelRecord, sha256: string): LabelMove {
  const notes = model.versions.find((version) => version.sha256 === sha256)?.notes;
  const closes = Number(notes?.["label_closes"]);
  const band = Number(notes?.["label_band"] ?? 0);
  return Number.isInteger(closes) && closes > 0 && band >= 0 ? { closes, band } : NEXT_CLOSE;
}

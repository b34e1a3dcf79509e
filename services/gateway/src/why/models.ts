import type { Bus } from "@tradewind/bus";
import {
  decodeModelRecord,
  type Envelope,
  type MemberWord,
  type ModelRecord,
  type ModelScores,
  type ScoreFigures,
} from "@tradewind/contracts";
import type { Decision, Prediction, VariantPlan } from "@tradewind/core";
import type { WhyStep } from "../views.ts";
import { short, signed } from "./figures.ts";

/** What is known of models beside the log: their versions, and how they have fared so far. */
export interface ModelFacts {
  readonly records: ReadonlyMap<string, ModelRecord>;
  readonly scores: ReadonlyMap<string, ModelScores>;
}

/** Ids of the models that vote in a variant. */
export function modelsOf({ members }: VariantPlan): string[] {
  return [...new Set(members.filter(({ kind }) => kind === "model").map(({ name }) => name))];
}

/** The facts of a variant's models; what is not there or cannot be read is left out. */
export async function readModelFacts(bus: Bus, plan: VariantPlan): Promise<ModelFacts> {
  const records = new Map<string, ModelRecord>();
  const scores = new Map<string, ModelScores>();
  for (const id of modelsOf(plan)) {
    const [record, scored] = await Promise.all([bus.kv("models").get(id), bus.kv("scores").get(id)]);
    try {
      if (record !== undefined) records.set(id, decodeModelRecord(record.value));
      if (scored !== undefined) scores.set(id, JSON.parse(scored.value) as ModelScores);
    } catch {
      // The log alone still tells what was said.
    }
  }
  return { records, scores };
}

/** A model's word: by which file, with what probabilities, and what it counted for. */
export function predictionStep(
  { id, time, data: { prediction } }: Envelope<Extract<MemberWord, { type: "prediction" }>>,
  plan: VariantPlan,
  decision: Decision,
  facts: ModelFacts,
): WhyStep {
  const { source, score, confidence, modelHash, probabilities } = prediction;
  const shadow = source.includes("--");
  const model = source.split("--")[0]!;
  const version = facts.records.get(model)?.versions.find(({ sha256 }) => sha256 === modelHash);
  const figures = facts.scores.get(model)?.versions.find(({ sha256 }) => sha256 === modelHash);
  const votes = shadow ? [] : votesOf(plan, decision, model);
  const file = `model ${modelHash.slice(0, 8)}${version === undefined ? "" : `, version ${version.version}`}`;
  const counted = shadow ? "a shadow, without effect" : votes.map(countedFor).join("; ") || "not a member then";
  const parts = [
    `${source} scores ${short(score)}, confidence ${short(confidence)} (${file})`,
    ...(probabilities === undefined ? [] : [probabilityText(probabilities)]),
    decision.regime === undefined || shadow ? counted : `${counted} in regime ${decision.regime}`,
    ...(figures === undefined ? [] : [scoreText(figures)]),
  ];
  const detail = {
    ...prediction,
    model,
    shadow,
    ...(version !== undefined && { version: version.version, state: version.state }),
    ...(votes.length > 0 && { votes: votes.map(({ source: member, vote, weight }) => ({ member, vote, weight })) }),
    ...(decision.regime !== undefined && { regime: decision.regime }),
    ...(figures !== undefined && { scored: { ...figures, lanes: undefined } }),
  };
  return { stage: shadow ? "shadow" : "prediction", time, id, says: parts.join("; "), detail };
}

/** A shadow that said nothing, and why. */
export function shadowAbstentionStep({ id, time, data: { abstention } }: Envelope<Extract<MemberWord, { type: "abstention" }>>): WhyStep {
  const says = `${abstention.source} says nothing: ${abstention.reason}; a shadow, without effect`;
  return { stage: "shadow", time, id, says, detail: { ...abstention, shadow: true } };
}

/** The members that speak by a model have names of their own. */
function votesOf({ members }: VariantPlan, { votes }: Decision, model: string): Decision["votes"] {
  const sources = new Set(members.filter(({ kind, name }) => kind === "model" && name === model).map(({ source }) => source));
  return votes.filter(({ source }) => sources.has(source));
}

function countedFor({ source, vote, weight, reason }: Decision["votes"][number]): string {
  return vote === null ? `${source} did not count: ${reason}` : `vote ${signed(vote)} x weight ${short(weight)}`;
}

/** Probabilities by label, as they are given. */
export function probabilityText(probabilities: NonNullable<Prediction["probabilities"]>): string {
  return `probabilities ${Object.entries(probabilities)
    .map(([label, probability]) => `${label} ${short(probability)}`)
    .join(", ")}`;
}

function scoreText({ closes, mean, standardError, logLoss }: ScoreFigures): string {
  if (mean === undefined || standardError === undefined) return `no score so far (${closes} closes)`;
  const loss = logLoss === undefined ? "" : `, log loss ${short(logLoss)}`;
  return `score so far ${signed(mean)} ± ${short(standardError)} over ${closes} closes${loss}`;
}

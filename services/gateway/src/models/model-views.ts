import { z } from "zod";
import { championOf, decodeModelRecord, modelStates, type ModelRecord } from "@tradewind/contracts";
import { lineOf } from "@tradewind/kit";
import { scoresView } from "./scores.ts";

const time = z.number().describe("ms since the epoch");
const state = z
  .enum(modelStates)
  .describe("candidate: kept. shadow: speaks without effect. champion: speaks. retired: kept for a roll-back.");

const versionView = z.object({
  sha256: z.string(),
  bytes: z.number(),
  version: z.string().describe("What the file calls itself."),
  state,
  registeredAt: time,
  expiresAt: time.optional().describe("Market time after which it abstains."),
  labels: z.array(z.string()),
  timeframes: z.array(z.string()),
  window: z.number(),
  features: z.array(z.string()),
  featureSchema: z.string(),
  notes: z.record(z.string(), z.string()),
  card: z.boolean().describe("Whether there is a page about it."),
});

export const modelView = z.object({
  id: z.string(),
  champion: z.string().optional().describe("Hash of the version that speaks for it."),
  device: z.string(),
  pinned: z.boolean(),
  limitMb: z.number().optional(),
  versions: z.array(versionView).describe("Newest first."),
  history: z.array(z.object({ at: time, sha256: z.string(), from: state.optional(), to: state, reason: z.string(), by: z.string() })),
  scores: scoresView.optional().describe("What its versions' votes were worth; left out until they are scored."),
  problem: z.string().optional(),
});
export type ModelView = z.infer<typeof modelView>;

/** `cards` are the hashes of the files that have one. */
export function modelViewOf(record: ModelRecord, cards: ReadonlySet<string>): ModelView {
  const { id, device, pinned, limitMb, versions, history } = record;
  const champion = championOf(record)?.sha256;
  return {
    id,
    device,
    pinned,
    ...(champion !== undefined && { champion }),
    ...(limitMb !== undefined && { limitMb }),
    versions: versions.map(({ matrix, ...rest }) => ({
      ...rest,
      timeframes: [...matrix.timeframes],
      window: matrix.window,
      features: matrix.features.map(({ name }) => name),
      card: cards.has(rest.sha256),
    })),
    history,
  };
}

/** A record that cannot be read is shown with what is wrong with it. */
export function viewOfText(id: string, text: string, cards: ReadonlySet<string>): ModelView {
  try {
    return modelViewOf(decodeModelRecord(text), cards);
  } catch (error) {
    return { id, device: "cpu", pinned: false, versions: [], history: [], problem: lineOf(error) };
  }
}

const hostView = z.looseObject({ memory_mb: z.number(), device: z.string() });
export const statsView = z.looseObject({
  total_limit_mb: z.number(),
  models: z.record(z.string(), hostView),
  total_used_mb: z.number(),
  total_free_mb: z.number(),
  utilization_percent: z.number(),
});
export type StatsView = z.infer<typeof statsView>;

const statsAnswer = statsView.extend({ instances: z.record(z.string(), statsView).describe("What each instance says.") });
export { statsAnswer };

/** Instances share one limit, and each tells what all of them hold; the fullest account is the latest. */
export function summed(instances: Readonly<Record<string, StatsView>>): z.infer<typeof statsAnswer> {
  const all = Object.values(instances);
  const most = (of: (stats: StatsView) => number): number => all.reduce((size, stats) => Math.max(size, of(stats)), 0);
  const limit = most((stats) => stats.total_limit_mb);
  const used = most((stats) => stats.total_used_mb);
  return {
    total_limit_mb: limit,
    // What an instance says of its own hosts says more than what the others say of them.
    models: Object.assign({}, ...all.map(({ models }) => models), ...all.map(({ models }) => owned(models))) as StatsView["models"],
    total_used_mb: used,
    total_free_mb: Math.max(0, Math.round(10 * (limit - used)) / 10),
    utilization_percent: limit === 0 ? 0 : Math.round((1_000 * used) / limit) / 10,
    instances,
  };
}

function owned(models: StatsView["models"]): StatsView["models"] {
  return Object.fromEntries(Object.entries(models).filter(([, host]) => "state" in host));
}

import { z } from "zod";
import type { Bus } from "@tradewind/bus";

const time = z.number().describe("ms since the epoch");

/** What the orchestrator keeps of a model in bucket `scores`. */
export const scoresView = z.object({
  at: time,
  versions: z.array(
    z.object({
      sha256: z.string(),
      closes: z.number().describe("Votes whose result is known."),
      abstentions: z.number(),
      mean: z.number().optional().describe("Of the results, in usual returns per close."),
      standardError: z.number().optional(),
      logLoss: z.number().optional(),
    }),
  ),
  verdicts: z
    .array(z.object({ sha256: z.string(), action: z.string(), reason: z.string(), closes: z.number() }))
    .describe("What the rule of promotion says of each shadow."),
  driftedAt: time.optional().describe("Market time at which the champion was found to have become worse."),
});
export type ScoresView = z.infer<typeof scoresView>;

/** The scores by model. Those that cannot be read are left out: they are a read copy, and come again. */
export async function readScores(bus: Bus): Promise<ReadonlyMap<string, ScoresView>> {
  const entries = await bus.kv("scores").entries();
  return new Map(entries.flatMap(({ key, value }) => pairOf(key, value)));
}

function pairOf(key: string, value: string): [string, ScoresView][] {
  try {
    return [[key, scoresView.parse(JSON.parse(value))]];
  } catch {
    return [];
  }
}

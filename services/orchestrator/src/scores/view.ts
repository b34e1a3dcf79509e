import type { ModelRecord, ModelScores } from "@tradewind/contracts";
import type { Judgement, Scoreboard } from "@tradewind/core";
import type { ScoredLane } from "./scored.ts";

/** The read copy of a scoreboard: those versions that speak or have. */
export function scoresOf(model: ModelRecord, lanes: readonly ScoredLane[], board: Scoreboard, judged: Judgement | undefined): ModelScores {
  const versions = model.versions.flatMap(({ sha256, state }) => {
    const figures = board.figures(sha256);
    const silent = figures.closes === 0 && figures.abstentions === 0;
    if (silent && state !== "champion" && state !== "shadow") return [];
    const each = lanes.map(({ name, venue, instrument }) => ({ venue, instrument, ...board.figures(sha256, name) }));
    return [{ sha256, state, ...figures, lanes: each }];
  });
  const verdicts = [...(judged?.verdicts ?? [])].map(([sha256, { action, reason, closes }]) => ({ sha256, action, reason, closes }));
  const { driftedAt } = board;
  return { model: model.id, at: Date.now(), versions, verdicts, ...(driftedAt !== undefined && { driftedAt }) };
}

import { createHash } from "node:crypto";
import { directionLabels } from "@tradewind/core";
import { ensembleModel, fitVoteWeights, weightedVote } from "@tradewind/onnx";
import type { LearnerFamily } from "./learner.ts";
import { scoreSaid } from "./rows.ts";
import { openSpeakers } from "./speakers.ts";

/** A weighted vote of members. `familyOf` looks those up that are to be trained. */
export function ensembleOf(familyOf: (name: string) => LearnerFamily): LearnerFamily {
  return {
    name: "ensemble",
    doc: "a weighted vote of members, each by what it is worth on later rows; one file with all of them inside",
    settings: {},
    composed: true,
    async open(lesson, options) {
      const speakers = await openSpeakers(lesson, options, familyOf);
      let weights: readonly number[] | undefined;
      return {
        async fit(tell) {
          const notices = await speakers.fit(tell);
          const predictions = await speakers.predictions();
          weights = fitVoteWeights(predictions, speakers.labels, directionLabels.length);
          const { losses, loss } = scoreSaid(speakers, predictions, weightedVote(predictions, weights));
          const worth = speakers.names.map((name, i) => `${name} ${weights![i]!.toFixed(3)} (log loss ${losses[i]!.toFixed(4)})`);
          return {
            unit: "vote",
            objective: "cross entropy (nats) of the vote",
            curve: [{ step: 1, loss }],
            kept: 0,
            parameters: weights.length,
            notices: [...notices, `weights: ${worth.join(", ")}`],
            cautions: speakers.cautions,
          };
        },
        probabilities: async (matrices, rows) => weightedVote(await speakers.said(matrices, rows), weights!),
        weightsHash: () =>
          createHash("sha256")
            .update(JSON.stringify([speakers.hashes(), weights]))
            .digest("hex"),
        snapshot: () => speakers.snapshot(),
        restore: (saved) => speakers.restore(saved),
        async export(about) {
          const files = await speakers.files({ matrix: about.matrix, version: "member", notes: {} });
          return ensembleModel({ members: files.map((one, i) => ({ ...one, weight: weights![i]! })), about });
        },
        release: () => speakers.release(),
      };
    },
  };
}

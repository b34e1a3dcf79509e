import { createHash } from "node:crypto";
import { directionLabels, inputFailure, type Dataset } from "@tradewind/core";
import { applyMetaHead, metaDefaults, metaHeadHash, metaModel, trainMeta, type MetaHead } from "@tradewind/onnx";
import type { LearnerFamily, SettingSpecs, Settings } from "./learner.ts";
import { matricesOf } from "./rows.ts";
import { openSpeakers, type Speakers } from "./speakers.ts";

const settings: SettingSpecs = {
  l2: { default: metaDefaults.l2, min: 1e-9, max: 10, doc: "least pull of the head's weights to where they started; 10 is tried first" },
  steps: { default: metaDefaults.steps, min: 1, max: 10_000, whole: true, doc: "steps of the head's training for each pull at most" },
  regimes: { default: metaDefaults.regimes, min: 0, max: 1, whole: true, doc: "1: members' weights depend on the regime of the market" },
};

/** A head trained over members, whose trust in each may depend on the regime. `familyOf` looks those up that are to be trained. */
export function metaOf(familyOf: (name: string) => LearnerFamily): LearnerFamily {
  return {
    name: "meta",
    doc: "a head trained over what members say of later rows, by regime of the market; one file with all of them inside",
    settings,
    composed: true,
    async open(lesson, options) {
      const { dataset } = lesson;
      const speakers = await openSpeakers(lesson, options, familyOf);
      let head: MetaHead | undefined;
      return {
        async fit(tell) {
          const notices = await speakers.fit(tell);
          const trained = await headOver(speakers, dataset, options.settings);
          head = trained.head;
          const { report } = trained;
          const told = report.kept
            ? `the head has less log loss (${report.trained.logLoss.toFixed(4)}) than its best member ${report.best} (${report.members[report.best]!.logLoss.toFixed(4)})`
            : `no head was better than ${report.best} on rows that nobody had learnt from: it says what that member says`;
          return {
            unit: "step of the head",
            objective: "cross entropy (nats)",
            curve: report.curve.map((loss, i) => ({ step: i + 1, loss })),
            kept: null,
            parameters: head.weights.length,
            notices: [...notices, told],
            cautions: speakers.cautions,
          };
        },
        async probabilities(matrices, rows) {
          return applyMetaHead(head!, dataset.matrix, await speakers.said(matrices, rows), matrices, rows);
        },
        weightsHash: () =>
          createHash("sha256")
            .update(JSON.stringify([speakers.hashes(), metaHeadHash(head!)]))
            .digest("hex"),
        snapshot: () => speakers.snapshot(),
        restore: (saved) => speakers.restore(saved),
        async export(about) {
          const members = await speakers.files({ matrix: about.matrix, version: "member", notes: {} });
          return metaModel({ members, head: head!, about });
        },
        release: () => speakers.release(),
      };
    },
  };
}

async function headOver({ rows, labels, names, predictions }: Speakers, dataset: Dataset, { l2, steps, regimes }: Settings) {
  const until = Math.floor(rows.length * (1 - metaDefaults.validationShare));
  if (until < 2) throw inputFailure("TOO_FEW_ROWS", `${rows.length} rows are too few to train a head over members; give more candles`);
  const said = await predictions();
  return trainMeta({
    members: names.map((name, i) => ({ name, probabilities: said[i]! })),
    matrix: dataset.matrix,
    x: matricesOf(dataset, rows),
    rows: rows.length,
    labels,
    classes: directionLabels,
    settings: { l2: l2!, steps: steps!, regimes: regimes === 1 ? 1 : 0, gap: Math.min(gapBefore(dataset, rows, until), until - 1) },
  });
}

/** How many rows before place `until` are to be left out, so that none that stays has a label that looks past its close. */
export function gapBefore({ closeTime, labelEnd }: Pick<Dataset, "closeTime" | "labelEnd">, rows: Int32Array, until: number): number {
  const judgedFrom = closeTime[rows[until]!]!;
  const first = rows.subarray(0, until).findIndex((row) => labelEnd[row]! > judgedFrom);
  return first === -1 ? 0 : until - first;
}

import { directionLabels } from "@tradewind/core";
import { gbdtSettings, openGbdt, type Gbdt, type GbdtSnapshot } from "@tradewind/onnx";
import type { Learner, LearnerFamily, LearnerOptions, Lesson } from "./learner.ts";
import { labelsOf, matricesOf } from "./rows.ts";

export const gbdt: LearnerFamily = {
  name: "gbdt",
  doc: "boosted trees over every number of the matrix; fast, and the one to beat on tables",
  settings: gbdtSettings,
  lengthSetting: "rounds",
  open: (lesson, options) => Promise.resolve(openTrees(lesson, options)),
};

function openTrees({ dataset, train, validation }: Lesson, { settings, seed }: LearnerOptions): Learner {
  const part = (rows: Int32Array) => ({ x: matricesOf(dataset, rows), rows: rows.length, labels: labelsOf(dataset, rows) });
  const trees: Gbdt = openGbdt({
    ...part(train),
    width: dataset.rowSize,
    classes: directionLabels,
    settings,
    seed,
    ...(validation.length > 0 && { validation: part(validation) }),
  });
  const rounds = settings["rounds"]!;
  return {
    async fit(tell) {
      while (!trees.done) {
        const { round, loss, validationLoss } = trees.round();
        const phase = `round ${round} of ${rounds}`;
        await tell({ phase, done: round, total: rounds, loss, ...(validationLoss !== undefined && { validationLoss }) });
      }
      const { history, rounds: kept } = trees;
      return {
        unit: "round",
        objective: "cross entropy (nats)",
        curve: history.map(({ round, loss, validationLoss }) => ({
          step: round,
          loss,
          ...(validationLoss !== undefined && { validationLoss }),
        })),
        kept: kept - 1,
        parameters: null,
        notices: history.length < rounds ? [`stopped after ${history.length} of ${rounds} rounds: round ${kept} was the best`] : [],
      };
    },
    probabilities: (matrices, rows) => Promise.resolve(trees.probabilities(matrices, rows)),
    weightsHash: () => trees.weightsHash(),
    snapshot: () => trees.snapshot(),
    restore: (saved) => Promise.resolve(trees.restore(saved as GbdtSnapshot)),
    export: (about) => Promise.resolve(trees.export(about)),
    release: () => Promise.resolve(),
  };
}

import { createPrng, directionLabels, normaliserOf, scoreOf, type Dataset } from "@tradewind/core";
import { netFamilies, openNetTrainer, type NetFamilyName, type NetTrainer, type TrainerSnapshot } from "@tradewind/onnx";
import type { CurvePoint, FitProgress, Learner, LearnerFamily, LearnerOptions, Lesson, SettingSpecs, Settings } from "./learner.ts";
import { inChunks, labelsOf, matricesOf } from "./rows.ts";

const common: SettingSpecs = {
  epochs: { default: 8, min: 1, max: 1_000, whole: true, doc: "times that each row is learnt from" },
  batch: { default: 128, min: 8, max: 4_096, whole: true, doc: "rows in a step" },
  learning_rate: { default: 0.001, min: 1e-6, max: 1, doc: "of the first epoch; falls to a tenth along a cosine" },
  weight_decay: { default: 0.01, min: 0, max: 1, doc: "share of each weight taken away by a step at rate 1 (AdamW)" },
  clip_norm: { default: 1, min: 0, max: 1e6, doc: "longest gradient; 0 leaves gradients as they are" },
  patience: { default: 3, min: 1, max: 1_000, whole: true, doc: "epochs without a better validation loss before it stops" },
};

function learnerOf(name: NetFamilyName): LearnerFamily {
  const { doc, settings } = netFamilies[name];
  const own = Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, { ...setting, whole: true as const }]));
  return { name, doc, settings: { ...common, ...own }, lengthSetting: "epochs", open: (lesson, options) => openNet(name, lesson, options) };
}

/** Every net that names classes. */
export const nets: readonly LearnerFamily[] = (Object.keys(netFamilies) as NetFamilyName[])
  .filter((name) => netFamilies[name].objective === "classes")
  .map(learnerOf);

/** Where a fit stands; with the trainer's own state, all that the next step depends on. */
interface Position {
  /** Epochs done. */
  epoch: number;
  /** Steps done of the next one. */
  step: number;
  lossSum: number;
  curve: CurvePoint[];
  best: { readonly epoch: number; readonly loss: number; readonly state: TrainerSnapshot } | undefined;
  finished: boolean;
}

async function openNet(name: NetFamilyName, lesson: Lesson, { settings, seed }: LearnerOptions): Promise<Learner> {
  const { dataset, train } = lesson;
  const batch = Math.min(settings["batch"]!, train.length);
  const trainer = await openTrainer(name, dataset, train, settings, batch, seed);
  const course = courseOf(trainer, lesson, settings, batch);
  const epochs = settings["epochs"]!;
  return {
    async fit(tell) {
      const { at } = course;
      while (!course.over()) {
        const order = shuffled(train, seed, at.epoch);
        do {
          const loss = await course.step(order);
          if (at.step === course.steps) await course.closeEpoch();
          await tell(course.progress(loss));
        } while (at.step > 0);
      }
      if (!at.finished && at.best !== undefined) trainer.restore(at.best.state);
      at.finished = true;
      const kept = at.best?.epoch ?? at.epoch;
      const early = at.epoch < epochs ? [`stopped after ${at.epoch} of ${epochs} epochs: epoch ${kept} was the best`] : [];
      return {
        unit: "epoch",
        objective: "cross entropy (nats)",
        curve: at.curve,
        kept: kept - 1,
        parameters: trainer.parameterCount,
        notices: early,
      };
    },
    probabilities: (matrices, rows) => trainer.outputs(matrices, rows),
    weightsHash: () => trainer.weightsHash(),
    snapshot: () => ({ at: { ...course.at, curve: [...course.at.curve] }, trainer: trainer.snapshot() }),
    restore(saved) {
      const state = saved as { at: Position; trainer: TrainerSnapshot };
      Object.assign(course.at, { ...state.at, curve: [...state.at.curve] });
      trainer.restore(state.trainer);
      return Promise.resolve();
    },
    export: (about) => Promise.resolve(trainer.export(about)),
    release: () => trainer.release(),
  };
}

/** The steps of a fit and where it stands. */
interface Course {
  readonly at: Position;
  /** Of an epoch; rows left over at its end wait for another order. */
  readonly steps: number;
  /** Takes the next step along an epoch's order of rows; gives its loss. */
  step(order: Int32Array): Promise<number>;
  /** Closes an epoch: the best one's weights are kept. */
  closeEpoch(): Promise<void>;
  /** All epochs are done, or too many without a better one. */
  over(): boolean;
  progress(loss: number): FitProgress;
}

function courseOf(trainer: NetTrainer, { dataset, train, validation }: Lesson, settings: Settings, batch: number): Course {
  const at: Position = { epoch: 0, step: 0, lossSum: 0, curve: [], best: undefined, finished: false };
  const epochs = settings["epochs"]!;
  const steps = Math.floor(train.length / batch);
  const said = (matrices: Float32Array, rows: number): Promise<Float32Array> => trainer.outputs(matrices, rows);
  return {
    at,
    steps,
    async step(order) {
      const rows = order.subarray(at.step * batch, (at.step + 1) * batch);
      const rate = rateOf(settings["learning_rate"]!, at.epoch * steps + at.step, epochs * steps);
      const loss = await trainer.step(matricesOf(dataset, rows), labelsOf(dataset, rows), rate);
      at.step += 1;
      at.lossSum += loss;
      return loss;
    },
    async closeEpoch() {
      const loss = at.lossSum / steps;
      at.epoch += 1;
      at.step = 0;
      at.lossSum = 0;
      if (validation.length === 0) return void at.curve.push({ step: at.epoch, loss });
      const validationLoss = scoreOf(dataset, validation, await inChunks(dataset, validation, said)).logLoss;
      at.curve.push({ step: at.epoch, loss, validationLoss });
      if (at.best === undefined || validationLoss < at.best.loss)
        at.best = { epoch: at.epoch, loss: validationLoss, state: trainer.snapshot() };
    },
    over() {
      const stopped = at.best !== undefined && at.epoch - at.best.epoch >= settings["patience"]!;
      return at.finished || at.epoch >= epochs || stopped;
    },
    progress(loss) {
      const validationLoss = at.curve.at(-1)?.validationLoss;
      return {
        phase: `epoch ${Math.min(at.epoch + 1, epochs)} of ${epochs}`,
        done: at.epoch * steps + at.step,
        total: epochs * steps,
        loss,
        ...(validationLoss !== undefined && { validationLoss }),
      };
    },
  };
}

function openTrainer(
  name: NetFamilyName,
  dataset: Dataset,
  train: Int32Array,
  settings: Settings,
  batch: number,
  seed: number,
): Promise<NetTrainer> {
  const { matrix } = dataset;
  return openNetTrainer({
    family: name,
    settings: Object.fromEntries(Object.keys(netFamilies[name].settings).map((key) => [key, settings[key]!])),
    shape: { timeframes: matrix.timeframes.length, window: matrix.window, features: matrix.features.length },
    labels: directionLabels,
    normaliser: normaliserOf(dataset, train),
    batch,
    seed,
    optimiser: { learningRate: settings["learning_rate"]!, weightDecay: settings["weight_decay"]!, clipNorm: settings["clip_norm"]! },
  });
}

const LAST_SHARE = 0.1;

/** A cosine from the first rate to a tenth of it. */
function rateOf(first: number, step: number, steps: number): number {
  return first * (LAST_SHARE + ((1 - LAST_SHARE) * (1 + Math.cos((Math.PI * step) / steps))) / 2);
}

/** The rows in the order of one epoch (Fisher-Yates), a function of seed and epoch alone. */
export function shuffled(rows: Int32Array, seed: number, epoch: number): Int32Array {
  const prng = createPrng(seed ^ Math.imul(epoch + 1, 0x9e3779b1));
  const order = rows.slice();
  for (let i = order.length - 1; i > 0; i--) {
    const j = prng.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

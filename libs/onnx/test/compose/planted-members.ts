import { createPrng, defaultMatrixPlan } from "@tradewind/core";
import { applyMetaHead, metaModel, openNetTrainer, trainMeta, type MetaReport, type NetTrainer } from "../../src/index.ts";
import { PLANTED_LABELS, plantedNormaliser, plantedShape, plantedWindows, type Planted } from "../support/planted.ts";
import { accuracy } from "../trees/tabular.ts";
import { difference, outputsOf } from "./files.ts";

const BATCH = 256;
const ROW_SIZE = 160;

export interface MemberPlan {
  readonly family: "cnn" | "lstm" | "transformer";
  readonly steps: number;
  readonly settings?: Readonly<Record<string, number>>;
}

export interface MetaTrial {
  /** Share of unseen windows that each member and the head have right. */
  readonly members: Readonly<Record<string, number>>;
  readonly meta: number;
  readonly report: MetaReport;
  /** Between the file of all and the head over the members' own outputs. */
  readonly largestDifference: number;
}

/** Trains members on the planted task, a head over what they say of other windows, and tries all on windows unseen by both. */
export async function plantedMeta(
  plans: readonly MemberPlan[],
  sizes: { readonly train: number; readonly head: number; readonly unseen: number },
): Promise<MetaTrial> {
  const train = plantedWindows(sizes.train, 11);
  const head = plantedWindows(sizes.head, 21);
  const unseen = plantedWindows(sizes.unseen, 22);
  const members = [];
  for (const plan of plans) {
    const trainer = await trainMember(plan, train);
    members.push({
      name: plan.family,
      probabilities: await trainer.outputs(head.x, head.rows),
      unseen: await trainer.outputs(unseen.x, unseen.rows),
      file: trainer.export({ matrix: defaultMatrixPlan, version: "1", notes: {} }),
    });
    await trainer.release();
  }
  const { head: trained, report } = trainMeta({ ...head, matrix: defaultMatrixPlan, members, classes: PLANTED_LABELS });
  const file = metaModel({ members, head: trained, about: { version: "1", notes: {} } });
  const given = await outputsOf(file, unseen.rows, unseen.x);
  const own = applyMetaHead(
    trained,
    defaultMatrixPlan,
    members.map((member) => member.unseen),
    unseen.x,
    unseen.rows,
  );
  return {
    members: Object.fromEntries(members.map((member) => [member.name, accuracy(member.unseen, unseen.labels, 3)])),
    meta: accuracy(given, unseen.labels, 3),
    report,
    largestDifference: difference(given, own),
  };
}

async function trainMember({ family, steps, settings = {} }: MemberPlan, { x, labels, rows }: Planted): Promise<NetTrainer> {
  const normaliser = plantedNormaliser(x);
  const optimiser = { learningRate: 1e-3 };
  const trainer = await openNetTrainer({
    family,
    settings,
    shape: plantedShape,
    labels: PLANTED_LABELS,
    normaliser,
    batch: BATCH,
    seed: 1,
    optimiser,
  });
  const prng = createPrng(101);
  const batchX = new Float32Array(BATCH * ROW_SIZE);
  const batchLabels = new Int32Array(BATCH);
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < BATCH; i++) {
      const row = prng.below(rows);
      batchX.set(x.subarray(row * ROW_SIZE, (row + 1) * ROW_SIZE), i * ROW_SIZE);
      batchLabels[i] = labels[row]!;
    }
    await trainer.step(batchX, batchLabels);
  }
  return trainer;
}

import { describe, expect, test } from "vitest";
import type { MatrixPlan } from "@tradewind/core";
import { inspectModel, openGbdt, openModelSession, trainGbdt, type Gbdt, type GbdtOptions } from "../../src/index.ts";
import { accuracy, TABULAR_CLASSES, TABULAR_WIDTH, tabularTask } from "./tabular.ts";

const task = { width: TABULAR_WIDTH, classes: TABULAR_CLASSES, seed: 7 };
const small = { ...task, ...tabularTask(1500, 3) };
const quick = { rounds: 8, leaves: 8 };
const later = tabularTask(600, 4);
const about = { matrix: planOf(TABULAR_WIDTH), version: "1", notes: { family: "gbdt" } };

/** A plan of as many numbers as the rows have; which features they are is nothing to the trees. */
function planOf(width: number): MatrixPlan {
  return {
    timeframes: ["1m"],
    window: width / 8,
    features: Array.from({ length: 8 }, (_, i) => ({ name: "rsi", parameters: { period: 5 + i } })),
  };
}

async function largestDifference(trees: Gbdt, rows: number): Promise<number> {
  const session = await openModelSession(inspectModel(trees.export(about), "gbdt"));
  const { x } = tabularTask(rows, 9);
  const given = await session.run(x, rows);
  await session.release();
  return trees.probabilities(x, rows).reduce((worst, value, i) => Math.max(worst, Math.abs(value - given[i]!)), 0);
}

describe("boosted trees", () => {
  test("given a tenth of the planted table, when they are trained, then they know 0.84 of unseen rows", async () => {
    const trees = await trainGbdt({ ...task, ...tabularTask(10_000, 1), settings: { rounds: 60 } });
    const unseen = tabularTask(4000, 2);
    expect(accuracy(trees.probabilities(unseen.x, unseen.rows), unseen.labels, 3)).toBeGreaterThan(0.84);
  });

  test.each([1, 64])(
    "given the exported file, when it runs on %i rows, then it gives the trees' own probabilities to 1e-5",
    async (rows) => {
      const trees = await trainGbdt({ ...small, settings: { rounds: 40 } });
      expect(await largestDifference(trees, rows)).toBeLessThan(1e-5);
    },
  );

  test("given two classes, when they are exported, then the file gives the trees' own probabilities", async () => {
    const { x, rows, labels } = tabularTask(1500, 3);
    const two = { width: TABULAR_WIDTH, classes: ["down", "up"], seed: 7, x, rows, labels: labels.map((label) => Math.min(1, label)) };
    expect(await largestDifference(await trainGbdt({ ...two, settings: quick }), 64)).toBeLessThan(1e-5);
  });

  test("given the same options, when they are trained twice, then their hashes and files are equal; another seed gives others", async () => {
    const settings = { ...quick, row_share: 0.7, feature_share: 0.5 };
    const [one, two, other] = await Promise.all([7, 7, 8].map((seed) => trainGbdt({ ...small, seed, settings })));
    expect(two!.weightsHash()).toBe(one!.weightsHash());
    expect(two!.export(about)).toEqual(one!.export(about));
    expect(other!.weightsHash()).not.toBe(one!.weightsHash());
  });

  test("given rare classes, when only one round is made, then its probabilities are near their shares", () => {
    const labels = Int32Array.from({ length: 1500 }, (_, row) => (row % 30 === 0 ? 0 : 2));
    const trees = openGbdt({ ...small, labels, settings: { learning_rate: 0.001 } });
    trees.round();
    const [down, flat, up] = trees.probabilities(small.x.subarray(0, TABULAR_WIDTH), 1);
    expect([down, flat, up].map((value) => Number(value!.toFixed(2)))).toEqual([0.03, 0, 0.97]);
  });
});

describe("an interrupted training", () => {
  const options: GbdtOptions = { ...small, validation: later, settings: { rounds: 12, leaves: 8, row_share: 0.6, feature_share: 0.4 } };

  test("given a snapshot of any round, kept as JSON, when training goes on from it, then the trees are those of an undisturbed one", async () => {
    const snapshots: string[] = [];
    const whole = await trainGbdt({ ...options, onRound: (_, trees) => void snapshots.push(JSON.stringify(trees.snapshot())) });
    for (const text of [snapshots[0]!, snapshots[6]!, snapshots.at(-1)!]) {
      const resumed = await trainGbdt({ ...options, resume: JSON.parse(text) });
      expect(resumed.weightsHash()).toBe(whole.weightsHash());
      expect(resumed.history).toEqual(whole.history);
    }
  });

  test("given a snapshot of other rows, when it is restored, then it is refused", () => {
    const first = openGbdt(options);
    first.round();
    expect(() => openGbdt({ ...options, ...tabularTask(1500, 5) }).restore(first.snapshot())).toThrow(/round 1 of the snapshot/);
  });

  test("given a listener that fails, when a round is told, then training ends with its failure", async () => {
    const stop = () => Promise.reject(new Error("stopped by hand"));
    await expect(trainGbdt({ ...options, onRound: stop })).rejects.toThrow("stopped by hand");
  });
});

describe("a validation part", () => {
  test("given labels that say nothing, when training runs, then it stops early and the best round is what counts", async () => {
    const noise = Int32Array.from(small.labels, (_, row) => (row * 7919) % 3);
    const trees = await trainGbdt({ ...small, labels: noise, validation: later, settings: { rounds: 200, leaves: 16, patience: 5 } });
    const losses = trees.history.map((report) => report.validationLoss!);
    expect(trees.history).toHaveLength(trees.rounds + 5);
    expect(losses[trees.rounds - 1]).toBe(Math.min(...losses));
    const best = await trainGbdt({ ...small, labels: noise, settings: { rounds: trees.rounds, leaves: 16 } });
    expect(trees.weightsHash()).toBe(best.weightsHash());
  });
});

describe("rows that cannot be learnt from", () => {
  const spoilt = small.x.slice();
  spoilt[5 * TABULAR_WIDTH + 3] = NaN;
  test.each<[string, Partial<GbdtOptions>, RegExp]>([
    ["a NaN", { x: spoilt }, /^training row 5 has NaN as its number 3; /],
    ["a number too few", { x: small.x.subarray(1) }, /^training rows: 59999 numbers do not make 1500 rows of 40; /],
    ["a label too few", { labels: small.labels.subarray(1) }, /^training rows: 1499 labels for 1500 rows; /],
    ["a class too many", { classes: ["down", "up"] }, /^training rows: row \d+ has the class 2, there are 2; /],
    [
      "a validation row with an infinity",
      { validation: { ...later, x: later.x.map((v, i) => (i === 0 ? Infinity : v)) } },
      /^validation row 0 /,
    ],
    ["a setting that there is not", { settings: { depth: 3 } }, /no setting "depth"; they have rounds, /],
    ["half a leaf", { settings: { leaves: 2.5 } }, /^leaves is 2.5; it must be a whole number from 2 to 1024$/],
  ])("given %s, when training is opened, then one line says so", (_, wrong, message) => {
    expect(() => openGbdt({ ...small, ...wrong })).toThrow(message);
  });

  test("given a trained model, when it is asked about a NaN, then the row is named", () => {
    expect(() => openGbdt(small).probabilities(spoilt, 1500)).toThrow(/^given row 5 has NaN/);
  });
});

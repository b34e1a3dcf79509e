import { describe, expect, test } from "vitest";
import { createPrng, matrixSize, type MatrixPlan } from "@tradewind/core";
import {
  applyMetaHead,
  inspectModel,
  metaHeadHash,
  metaModel,
  referenceModel,
  trainMeta,
  type MetaHead,
  type MetaOptions,
} from "../../src/index.ts";
import { difference, labels as classes, outputOf, outputsOf } from "./files.ts";

const plan: MatrixPlan = { timeframes: ["1m"], window: 12, features: [{ name: "log_return" }, { name: "rsi" }] };
const rows = 1500;
const size = matrixSize(plan);

/** Markets that are calm or wild by turns, at random; column 0 holds their returns. */
function market(seed: number): { x: Float32Array; wild: boolean[]; labels: Int32Array } {
  const prng = createPrng(seed);
  const wild = Array.from({ length: rows }, () => prng.chance(0.5));
  const x = Float32Array.from({ length: rows * size }, (_, i) => prng.normal() * (wild[Math.floor(i / size)] ? 0.02 : 0.002));
  return { x, wild, labels: Int32Array.from({ length: rows }, () => prng.below(3)) };
}

/** What a member says that gives the right class `sure` where `knows`, and says nothing elsewhere. */
function saying(labels: Int32Array, sure: number, knows: (row: number) => boolean): Float32Array {
  return Float32Array.from({ length: rows * 3 }, (_, i) => {
    const row = Math.floor(i / 3);
    return knows(row) ? (labels[row] === i % 3 ? sure : (1 - sure) / 2) : 1 / 3;
  });
}

const { x, wild, labels } = market(3);
const base = { matrix: plan, x, rows, labels, classes };
/** Right three times of four where it knows. */
const prng = createPrng(8);
const often = Array.from({ length: rows }, () => prng.chance(0.75));
const misled = Int32Array.from(labels, (label, row) => (often[row] ? label : (label + 1) % 3));
const calmOne = { name: "calm", probabilities: saying(misled, 0.6, (row) => !wild[row]) };
const wildOne = { name: "wild", probabilities: saying(misled, 0.6, (row) => wild[row]!) };
const guesser = {
  name: "guesser",
  probabilities: saying(
    Int32Array.from(labels, (_, row) => (row * 7919) % 3),
    0.5,
    () => true,
  ),
};
/** Says the same of the class that came whatever it knows: nothing can be added to it. */
const plain = { name: "plain", probabilities: saying(misled, 0.75, () => true) };

describe("a head over members", () => {
  test("given a market that always moves alike, when a head is trained, then regimes are not blown up from rounding", () => {
    for (const move of [0, 1e-4]) {
      const still = x.map((value, i) => (i % 2 === 0 ? move : value));
      const { head } = trainMeta({ ...base, x: still, members: [calmOne, wildOne] });
      expect(head.regimes.map(({ deviation }) => deviation)).toEqual([1, 1]);
    }
  });

  test("given members that know one regime each, when the head is trained, then it is far better than both", () => {
    const { head, report } = trainMeta({ ...base, members: [calmOne, wildOne] });
    expect(report.kept).toBe(true);
    expect(report.trained.accuracy).toBeGreaterThan(Math.max(report.members["calm"]!.accuracy, report.members["wild"]!.accuracy) + 0.1);
    expect(head.regimes.map(({ name }) => name)).toEqual(["volatility", "trend"]);
  });

  test("given a member sure in every regime but right in one, when the head is trained, then the regime decides how far it is believed", () => {
    const loud = {
      name: "loud",
      probabilities: saying(
        Int32Array.from(misled, (label, row) => (wild[row] ? label : (row * 7919) % 3)),
        0.9,
        () => true,
      ),
    };
    const lossOf = (regimes: 0 | 1): number => trainMeta({ ...base, members: [loud], settings: { regimes } }).report.trained.logLoss;
    expect(lossOf(1)).toBeLessThan(lossOf(0) - 0.05);
  });

  test("given a member that knows all there is, and one that guesses, when the head gains nothing, then it says what the good one says", () => {
    const { head, report } = trainMeta({ ...base, members: [guesser, plain], settings: { steps: 0 } });
    expect(report).toMatchObject({ best: "plain", start: "plain", kept: false });
    const given = applyMetaHead(head, plan, [guesser.probabilities, plain.probabilities], x, rows);
    expect(difference(given, plain.probabilities)).toBeLessThan(1e-6);
  });

  test.each(Array.from({ length: 12 }, (_, seed) => seed))(
    "given members of random worth (seed %i), when a head is trained, then on its validation part it is never worse than the best of them",
    (seed) => {
      const random = createPrng(seed + 50);
      const members = ["a", "b", "c"].map((name) => {
        const [right, sure] = [random.next(), 0.34 + 0.6 * random.next()];
        const told = Int32Array.from(labels, (label) => (random.chance(right) ? label : random.below(3)));
        return { name, probabilities: saying(told, sure, () => true) };
      });
      const { head, report } = trainMeta({ ...base, members, settings: { steps: 60 } });
      const from = Math.floor(rows * 0.6);
      const given = applyMetaHead(
        head,
        plan,
        members.map(({ probabilities }) => probabilities),
        x,
        rows,
      ).subarray(from * 3);
      const loss = labels.subarray(from).reduce((sum, label, row) => sum - Math.log(given[row * 3 + label]!), 0) / (rows - from);
      expect(loss).toBeLessThan(report.members[report.best]!.logLoss + 1e-6);
    },
  );

  test("given the last labels turned round, when a head is trained on the rest, then no step of its training changes", () => {
    const turned = labels.map((label, row) => (row < rows * 0.6 ? label : (label + 1) % 3));
    const one = trainMeta({ ...base, members: [calmOne, wildOne], settings: { steps: 20 } });
    const two = trainMeta({ ...base, labels: turned, members: [calmOne, wildOne], settings: { steps: 20 } });
    expect(two.head.regimes).toEqual(one.head.regimes);
    // Only how far the pull is loosened may depend on them.
    expect(two.report.curve).toEqual(one.report.curve.slice(0, two.report.curve.length));
  });

  test("given the same rows, when a head is trained twice, then its hash is equal; other rows give another", () => {
    const hashOf = (options: Partial<MetaOptions>): string =>
      metaHeadHash(trainMeta({ ...base, members: [calmOne, wildOne], settings: { steps: 30 }, ...options }).head);
    expect(hashOf({})).toBe(hashOf({}));
    expect(hashOf({ x: market(4).x })).not.toBe(hashOf({}));
  });

  test("given a matrix without returns, when a head is trained, then it has no regimes", () => {
    const matrix = { ...plan, features: [{ name: "rsi" }, { name: "body" }] };
    expect(trainMeta({ ...base, matrix, members: [calmOne], settings: { steps: 10 } }).head.regimes).toEqual([]);
  });

  test.each<[string, Partial<MetaOptions>, RegExp]>([
    ["no members", { members: [] }, /has no members/],
    [
      "a prediction too few",
      { members: [{ name: "a", probabilities: calmOne.probabilities.subarray(1) }] },
      /a said 4499 numbers of 1500 rows/,
    ],
    ["a NaN", { members: [{ name: "a", probabilities: calmOne.probabilities.map((v, i) => (i === 7 ? NaN : v)) }] }, /a said NaN of row 2/],
    ["nothing to judge by", { settings: { validationShare: 0 } }, /leave nothing/],
    ["a gap over everything", { settings: { gap: 5000 } }, /leave nothing/],
    ["a label too few", { labels: labels.subarray(1) }, /1499 labels/],
    ["a matrix too few", { x: x.subarray(size) }, /do not make 1500 matrices of 24/],
  ])("given %s, when a head is to be trained, then one line says so", (_, wrong, message) => {
    expect(() => trainMeta({ ...base, members: [calmOne], ...wrong })).toThrow(
      expect.objectContaining({ code: "META_INPUT", message: expect.stringMatching(message) }),
    );
  });
});

describe("a head in a file", () => {
  const files = [1, 2].map((seed) => ({ name: `m${seed}`, file: referenceModel({ matrix: plan, seed, gain: 40 }) }));
  const about = { version: "1", notes: { family: "meta" } };

  async function trained(): Promise<MetaHead> {
    const members = await Promise.all(files.map(async ({ name, file }) => ({ name, probabilities: await outputsOf(file, rows, x) })));
    const learnable = Int32Array.from({ length: rows }, (_, row) => {
      const own = members[wild[row] ? 0 : 1]!.probabilities.subarray(row * 3, row * 3 + 3);
      return own.indexOf(Math.max(...own));
    });
    return trainMeta({ ...base, labels: learnable, members }).head;
  }

  test.each([1, 64])(
    "given %i rows, when the file runs, then it gives the head's own probabilities and each member's, to 1e-5",
    async (count) => {
      const head = await trained();
      const file = metaModel({ members: files, head, about });
      const own = market(21).x.subarray(0, count * size);
      const said = await Promise.all(files.map(({ file }) => outputsOf(file, count, own)));
      expect(difference(await outputsOf(file, count, own), applyMetaHead(head, plan, said, own, count))).toBeLessThan(1e-5);
      for (const [i, { name }] of files.entries())
        expect(difference(await outputOf(file, `p_${name}`, count, own), said[i]!)).toBeLessThan(1e-6);
      expect(inspectModel(file, "meta").signature.output).toBe("probabilities");
    },
  );

  test("given members in another order than the head's, when the file is made, then it is refused", async () => {
    const head = await trained();
    expect(() => metaModel({ members: files.toReversed(), head, about })).toThrow(expect.objectContaining({ code: "COMPOSE_HEAD" }));
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ensembleModel,
  fitVoteWeights,
  inspectModel,
  metadataProperties,
  readModel,
  referenceModel,
  weightedVote,
  writeModel,
  type Graph,
  type GraphNode,
  type VotingMember,
} from "../../src/index.ts";
import { openSmall, smallMatrices, smallMatrix } from "../support/small-task.ts";
import { branchingFile, difference, fileOfNodes, labels, matrices, outputOf, outputsOf, plan, strangersFile, treesFile } from "./files.ts";

const about = { version: "7", notes: { family: "ensemble" } };
const reference = referenceModel({ matrix: plan, seed: 3 });
const member = (name: string, file: Uint8Array, weight = 1): VotingMember => ({ name, file, weight });

describe("members in one graph", () => {
  const members = [
    member("plain", reference, 2),
    member("trees", treesFile(), 1),
    member("more-trees", treesFile(4), 1),
    member("branches", branchingFile(), 0.5),
    member("stranger", strangersFile(), 0.5),
  ];
  const joint = ensembleModel({ members, about });

  test.each([1, 64])(
    "given members of several makers, when the joint file runs on %i rows, then it gives their weighted mean",
    async (rows) => {
      // Branches look at all rows of a call at once, so members and joint file get the same rows.
      const x = matrices(rows, 12);
      const alone = await Promise.all(members.map(({ file }) => outputsOf(file, rows, x)));
      const wanted = weightedVote(
        alone,
        members.map(({ weight }) => weight),
      );
      expect(difference(await outputsOf(joint, rows, x), wanted)).toBeLessThan(1e-6);
      for (const [i, { name }] of members.entries())
        expect(difference(await outputOf(joint, `p_${name}`, rows, x), alone[i]!)).toBeLessThan(1e-6);
    },
  );

  test("given members, when the joint file is inspected, then it is a model like any other that names them", () => {
    const { metadata, signature } = inspectModel(joint, "joint");
    expect(signature).toMatchObject({ output: "probabilities", rowShape: [1, 4, 2], fixedRows: undefined, labels });
    expect(metadata).toMatchObject({ version: "7", notes: { family: "ensemble" } });
    const named = JSON.parse(metadata.notes["members"]!) as { name: string; sha256: string }[];
    expect(named.map(({ name }) => name)).toEqual(members.map(({ name }) => name));
    expect(named[0]!.sha256).toBe(inspectModel(reference, "reference").sha256);
  });

  test("given nets in full and in half precision, when they are joined, then each says what it says alone", async () => {
    const nets = await Promise.all(
      (["cnn", "lstm", "transformer"] as const).map(async (family, i) => {
        const trainer = await openSmall(family);
        const file = trainer.export({ matrix: smallMatrix, version: "1", notes: {}, precision: i === 0 ? "fp16" : "fp32" });
        await trainer.release();
        return member(family, file);
      }),
    );
    const joint = ensembleModel({ members: nets, about });
    const x = smallMatrices(5, 3);
    for (const { name, file } of nets)
      expect(difference(await outputOf(joint, `p_${name}`, 5, x), await outputsOf(file, 5, x))).toBeLessThan(1e-6);
  });

  test("given a joint file, when it becomes a member itself, then the larger one runs", async () => {
    const outer = ensembleModel({ members: [member("inner", joint), member("trees", treesFile())], about });
    const mean = weightedVote([await outputsOf(joint, 5), await outputsOf(treesFile(), 5)], [1, 1]);
    expect(difference(await outputsOf(outer, 5), mean)).toBeLessThan(1e-6);
  });

  test("given members that expire, when they are joined, then the joint file expires with the first of them", () => {
    const expiring = (expiresAt: number): Uint8Array =>
      writeModel({
        ...readModel(reference, "r"),
        metadata: metadataProperties({ matrix: plan, labels, version: "1", notes: {}, expiresAt }),
      });
    const two = [member("a", expiring(9000)), member("b", expiring(5000))];
    expect(inspectModel(ensembleModel({ members: two, about: { ...about, expiresAt: 7000 } }), "joint").metadata.expiresAt).toBe(5000);
    expect(inspectModel(ensembleModel({ members: [two[0]!], about: { ...about, expiresAt: 7000 } }), "joint").metadata.expiresAt).toBe(
      7000,
    );
  });

  test("given a member with its classes in another order, when it is joined, then each class is counted with its own", async () => {
    const turned = writeModel({
      ...readModel(reference, "r"),
      metadata: metadataProperties({ matrix: plan, labels: ["up", "down", "flat"], version: "1", notes: {} }),
    });
    const joint = ensembleModel({ members: [member("a", reference, 0), member("b", turned)], about });
    const [given, theirs] = [await outputsOf(joint, 4), await outputsOf(turned, 4)];
    for (let row = 0; row < 4; row++) {
      const [up, down, flat] = theirs.subarray(row * 3, row * 3 + 3);
      expect([...given.subarray(row * 3, row * 3 + 3)]).toEqual([down, flat, up]);
    }
  });

  test("given equal members, when they are joined twice, then the files are equal", () => {
    expect(Buffer.from(ensembleModel({ members, about })).equals(joint)).toBe(true);
  });
});

describe("members of different operator versions", () => {
  const node = (operator: string, input: string, output: string, attributes = {}, more: string[] = []): GraphNode => ({
    operator,
    inputs: [input, ...more],
    outputs: [output],
    attributes,
  });
  /** x less its mean, which reductions up to 17 are told about in one way and later ones in another. */
  const centred = (opset: number): Uint8Array => {
    const constants: Graph["constants"] = [
      { name: "w", type: "float", dimensions: [8, 3], data: matrices(3, 5) },
      { name: "axes", type: "int64", dimensions: [1], data: BigInt64Array.of(1n) },
    ];
    const mean = opset < 18 ? node("ReduceMean", "x", "mean", { axes: [1] }) : node("ReduceMean", "x", "mean", {}, ["axes"]);
    return fileOfNodes(
      [mean, node("Sub", "x", "c", {}, ["mean"]), node("MatMul", "c", "z", {}, ["w"]), node("Softmax", "z", "y", { axis: 1 })],
      { opset, constants },
    );
  };

  test("given versions 13 and 21 of one net, when they are joined, then both say the same", async () => {
    const joint = ensembleModel({ members: [member("old", centred(13)), member("new", centred(21))], about });
    expect(await outputOf(joint, "p_old", 6)).toEqual(await outputOf(joint, "p_new", 6));
    expect(readModel(joint, "joint").opset).toBe(21);
  });

  test("given branches with operators of an older version, when they are joined, then those inside are raised too", async () => {
    const joint = ensembleModel({ members: [member("old", branchingFile(16)), member("new", centred(21))], about });
    expect(difference(await outputOf(joint, "p_old", 6), await outputsOf(branchingFile(16), 6))).toBeLessThan(1e-6);
  });

  test.each([
    [
      "a version before 13",
      fileOfNodes([node("Relu", "x", "y")], { opset: 11 }),
      /^member odd has Relu of version 11 of the standard operators; in version 21/,
    ],
    ["an operator that has changed", fileOfNodes([node("Upsample", "x", "y")], { opset: 13 }), /^member odd has Upsample of version 13/],
    ["a Split that is not told its sizes", fileOfNodes([node("Split", "x", "y")], { opset: 13 }), /^member odd has Split/],
  ])("given a member of %s, when it is joined, then one line says so", (_, file, message) => {
    const join = (): unknown => ensembleModel({ members: [member("odd", file), member("new", centred(21))], about });
    expect(join).toThrow(expect.objectContaining({ code: "COMPOSE_OPSET", message: expect.stringMatching(message) }));
  });
});

describe("members that do not fit each other", () => {
  const other = referenceModel({ matrix: { ...plan, window: 5 }, seed: 3 });
  const twoClasses = fileOfNodes([{ operator: "Identity", inputs: ["x"], outputs: ["y"] }], { labels: ["down", "up"] });
  const oneRow = fileOfNodes([{ operator: "Identity", inputs: ["x"], outputs: ["y"] }], { batch: 1 });
  test.each<[string, VotingMember[], string, RegExp]>([
    ["no members", [], "COMPOSE_MEMBERS", /there are none/],
    ["two of one name", [member("a", reference), member("a", reference)], "COMPOSE_MEMBERS", /two are called a/],
    ["a name with a slash", [member("a/b", reference)], "COMPOSE_MEMBERS", /"a\/b" is no name/],
    ["another feature matrix", [member("a", reference), member("b", other)], "COMPOSE_MEMBERS", /b takes another feature matrix than a/],
    ["other classes", [member("a", reference), member("b", twoClasses)], "COMPOSE_MEMBERS", /b gives down, up, a gives down, flat, up/],
    ["a fixed number of rows", [member("a", oneRow)], "COMPOSE_MEMBERS", /a takes 1 row at a time/],
    ["what is no model", [member("a", Uint8Array.of(1, 2, 3))], "ONNX_INVALID", /^a is not a whole ONNX file/],
    ["no weight at all", [member("a", reference, 0)], "COMPOSE_WEIGHTS", /are 0;/],
    ["a weight below zero", [member("a", reference, 2), member("b", reference, -1)], "COMPOSE_WEIGHTS", /are 2, -1;/],
  ])("given %s, when they are joined, then one line says so", (_, members, code, message) => {
    expect(() => ensembleModel({ members, about })).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});

test("given what members said of unseen rows, when shares of the vote are fitted, then no member and no other shares have less log loss", () => {
  const probability = fc.float({ min: Math.fround(0.01), max: Math.fround(0.98), noNaN: true });
  const lossOf = (vote: Float32Array, truth: Int32Array): number =>
    truth.reduce((sum, label, row) => sum - Math.log(vote[row * 2 + label]!), 0) / truth.length;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(1), probability, probability, probability), { minLength: 3, maxLength: 30 }),
      fc.tuple(fc.nat(20), fc.nat(20), fc.integer({ min: 1, max: 20 })),
      (rows, others) => {
        const truth = Int32Array.from(rows, ([label]) => label);
        const said = [1, 2, 3].map((m) => Float32Array.from(rows.flatMap((row) => [row[m]!, 1 - row[m]!])));
        const shares = fitVoteWeights(said, truth, 2);
        expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 9);
        const fitted = lossOf(weightedVote(said, shares), truth);
        for (const weights of [others, [1, 0, 0], [0, 1, 0], [0, 0, 1]])
          expect(fitted).toBeLessThan(lossOf(weightedVote(said, weights), truth) + 1e-4);
      },
    ),
  );
});

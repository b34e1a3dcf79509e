import { describe, expect, test } from "vitest";
import type { MatrixPlan } from "@tradewind/core";
import { inspectModel, netFamilies, openModelSession, readModelHeader, type NetFamilyName } from "../../src/index.ts";
import { referenceScores, softmaxOf } from "../support/reference-nets.ts";
import { openSmall, SMALL_LABELS, smallMatrices, smallMatrix, smallNormaliser, smallShape, trainSmall } from "../support/small-task.ts";

const families = Object.keys(netFamilies) as NetFamilyName[];
const about = { matrix: smallMatrix, version: "3", notes: { seed: "7" } };
const ROWS = 64;
const matrices = smallMatrices(ROWS, 99);
const ROW_SIZE = matrices.length / ROWS;

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
};

async function served(bytes: Uint8Array, rows: number): Promise<number[]> {
  const session = await openModelSession(inspectModel(bytes, "exported"));
  const all: number[] = [];
  for (let row = 0; row < ROWS; row += rows)
    all.push(...(await session.run(matrices.slice(row * ROW_SIZE, (row + rows) * ROW_SIZE), rows)));
  await session.release();
  return all;
}

describe("an exported net", () => {
  test.each(families)(
    "given a trained %s, when its file runs one row and 64 rows at a time, then it equals the trainer and float64 arithmetic to 1e-5",
    async (family) => {
      const trainer = await openSmall(family);
      await trainSmall(trainer, family, 20);
      const { theta } = trainer.snapshot();
      const net = { family, shape: smallShape, outputs: SMALL_LABELS.length, normaliser: smallNormaliser, theta };
      const scores = Array.from({ length: ROWS }, (_, row) =>
        referenceScores(net, matrices.subarray(row * ROW_SIZE, (row + 1) * ROW_SIZE)),
      );
      const probabilities = scores.flatMap((row) => softmaxOf(row));
      const outputs = await trainer.outputs(matrices, ROWS);
      expect(furthest(outputs, family === "dqn" ? scores.flat() : probabilities)).toBeLessThan(1e-5);
      const bytes = trainer.export(about);
      for (const rows of [1, 64]) expect(furthest(await served(bytes, rows), probabilities), `${rows} rows`).toBeLessThan(1e-5);
      await trainer.release();
    },
  );

  test.each([
    ["cnn", "Conv"],
    ["lstm", "LSTM"],
    ["transformer", "LayerNormalization"],
    ["dqn", "Gemm"],
  ] as const)("given a %s, when it is exported, then its file uses the runtime's own %s", async (family, layer) => {
    const trainer = await openSmall(family);
    const bytes = trainer.export(about);
    expect(Buffer.from(bytes).includes(layer)).toBe(true);
    await trainer.release();
  });

  test("given a trained net, when it is exported, then the file says what it takes and where it comes from", async () => {
    const trainer = await openSmall("cnn");
    const expiresAt = Date.parse("2026-03-01T00:00:00Z");
    const model = inspectModel(trainer.export({ ...about, expiresAt }), "exported");
    expect(model.metadata).toMatchObject({ matrix: smallMatrix, labels: SMALL_LABELS, version: "3", expiresAt });
    expect(model.metadata.notes).toMatchObject({ family: "cnn", seed: "7" });
    expect(model.signature).toMatchObject({ rowShape: [2, 12, 3], fixedRows: undefined, output: "probabilities" });
    await trainer.release();
  });

  test.each(families)("given %s at the smallest of sizes, when it has trained a step, then its file equals the trainer", async (family) => {
    const shape = { timeframes: 1, window: 1, features: 1 };
    const normaliser = { mean: new Float32Array(1), deviation: new Float32Array(1) };
    const trainer = await openSmall(family, { shape, normaliser, batch: 1, labels: ["down", "up"], objective: "classes" });
    await trainer.step(Float32Array.of(0.5), Int32Array.of(1));
    const matrix: MatrixPlan = { timeframes: ["1m"], window: 1, features: [{ name: "body" }] };
    const session = await openModelSession(inspectModel(trainer.export({ ...about, matrix }), "exported"));
    for (const rows of [1, 5]) {
      const x = smallMatrices(1, 3).slice(0, rows);
      expect(furthest(await session.run(x, rows), await trainer.outputs(x, rows))).toBeLessThan(1e-5);
    }
    await session.release();
    await trainer.release();
  });

  test("given a weight that float16 cannot hold, when fp16 is asked for, then it is refused; as fp32 it goes out", async () => {
    const trainer = await openSmall("cnn");
    const state = trainer.snapshot();
    trainer.restore({ ...state, theta: state.theta.with(3, -7e4) });
    expect(() => trainer.export({ ...about, precision: "fp16" })).toThrow(expect.objectContaining({ code: "EXPORT_PRECISION" }));
    expect(trainer.export(about).length).toBeGreaterThan(0);
    await trainer.release();
  });

  test("given the same weights twice, when they are exported, then the bytes are equal", async () => {
    const [a, b] = [await openSmall("transformer"), await openSmall("transformer")];
    expect(Buffer.compare(a.export(about), b.export(about))).toBe(0);
    await a.release();
    await b.release();
  });

  test.each(families)(
    "given a trained %s, when it is exported in float16, then the file is smaller and its answers stay near",
    async (family) => {
      const trainer = await openSmall(family);
      await trainSmall(trainer, family, 20);
      const full = trainer.export(about);
      const half = trainer.export({ ...about, precision: "fp16" });
      expect(half.length).toBeLessThan(full.length * 0.75);
      expect(readModelHeader(half, "half").inputs[0]!.type).toBe("float");
      expect(furthest(await served(half, 64), await served(full, 64))).toBeLessThan(2e-2);
      await trainer.release();
    },
  );

  test("given numbers far outside the training range, when the net scores them, then trainer and file cut them off alike", async () => {
    const trainer = await openSmall("dqn");
    const wild = matrices.map((value, i) => (i % 7 === 0 ? value * 1e6 : value));
    const session = await openModelSession(inspectModel(trainer.export(about), "exported"));
    const probabilities = await session.run(wild, ROWS);
    const values = await trainer.outputs(wild, ROWS);
    const expected = Array.from({ length: ROWS }, (_, row) => softmaxOf([...values.subarray(row * 3, row * 3 + 3)])).flat();
    expect(furthest(probabilities, expected)).toBeLessThan(1e-5);
    await session.release();
    await trainer.release();
  });

  test("given Q-values and a low temperature, when they are exported, then probabilities are the softmax of Q over it", async () => {
    const trainer = await openSmall("dqn");
    await trainSmall(trainer, "dqn", 20);
    const values = await trainer.outputs(matrices, ROWS);
    const wanted = Array.from({ length: ROWS }, (_, row) => softmaxOf([...values.subarray(row * 3, row * 3 + 3)], 0.1)).flat();
    expect(furthest(await served(trainer.export({ ...about, temperature: 0.1 }), 64), wanted)).toBeLessThan(1e-5);
    expect(() => trainer.export({ ...about, temperature: 0 })).toThrow(expect.objectContaining({ code: "EXPORT_TEMPERATURE" }));
    await trainer.release();
  });

  test("given a feature that never changes, when the net scores it, then its deviation of 0 does no harm", async () => {
    const normaliser = { ...smallNormaliser, deviation: smallNormaliser.deviation.with(0, 0) };
    const trainer = await openSmall("cnn", { normaliser });
    // The runtime checks that what comes out are probabilities.
    const session = await openModelSession(inspectModel(trainer.export(about), "exported"));
    const constant = new Float32Array(ROW_SIZE).fill(smallNormaliser.mean[0]!);
    expect(furthest(await session.run(constant, 1), await trainer.outputs(constant, 1))).toBeLessThan(1e-5);
    await session.release();
    await trainer.release();
  });

  test("given a matrix of another shape, when a net is exported for it, then the failure shows both", async () => {
    const trainer = await openSmall("cnn");
    expect(() => trainer.export({ ...about, matrix: { ...smallMatrix, window: 13 } })).toThrow(
      expect.objectContaining({ code: "EXPORT_MATRIX", message: expect.stringMatching(/2 x 13 x 3.*2 x 12 x 3/) }),
    );
    await trainer.release();
  });
});

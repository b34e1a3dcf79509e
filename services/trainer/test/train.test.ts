import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { isFailure } from "@tradewind/core";
import { goldenDifference, inspectModel, openModelSession } from "@tradewind/onnx";
import { tempDir } from "@tradewind/testkit";
import { describe, expect, it } from "vitest";
import { completeTraining, families, prepare, train } from "../src/index.ts";
import { openCheckpoint } from "../src/train/checkpoint.ts";
import { walkCsv } from "./support/candles.ts";
import { smallWish, trainWish } from "./support/train.ts";

const file = walkCsv(900);

/** Smaller than usual: it is not what they learn that matters here. */
const quick: Readonly<Record<string, Record<string, number>>> = {
  lstm: { hidden: 16 },
  transformer: { width: 8, heads: 2, blocks: 1, feed_forward: 16 },
  dqn: { first_width: 8, second_width: 8, replay_every: 8 },
};

describe.each(Object.values(families).map(({ name }) => [name]))("given family %s", (family) => {
  const own = families[family]!.composed ? { members: ["cnn", "gbdt"] } : { settings: quick[family] ?? {} };

  it("when it is trained twice, then weights, file and figures are the same; another seed gives another model", async () => {
    const wish = smallWish(file, { family, ...own });
    const [first, again] = [await trainWish(wish, tempDir()), await trainWish(wish, tempDir())];
    expect(again.result).toEqual(first.result);
    expect(Buffer.from(again.onnx).equals(first.onnx)).toBe(true);
    if (family === "gbdt") return;
    const other = await trainWish({ ...wish, seed: 2 }, tempDir());
    expect(other.result.data_hash).toBe(first.result.data_hash);
    expect(other.result.weights_hash).not.toBe(first.result.weights_hash);
  });

  it("when it is stopped anywhere and begun again, then it ends as if never stopped", async () => {
    const wish = smallWish(file, { family, ...own });
    const whole = await trainWish(wish, tempDir());
    const dir = tempDir();
    let stops = 0;
    const run = async (): Promise<Awaited<ReturnType<typeof trainWish>>> => {
      const stop = new AbortController();
      let told = 0;
      try {
        return await trainWish(wish, dir, {
          signal: stop.signal,
          checkpointEveryMs: 0,
          tell: () => void (++told === 3 + stops && stop.abort()),
        });
      } catch (error) {
        if (!isFailure(error) || error.code !== "TRAINING_STOPPED" || ++stops > 40) throw error;
        return run();
      }
    };
    const ended = await run();
    expect(stops).toBeGreaterThan(0);
    expect(ended.result).toEqual(whole.result);
    expect(Buffer.from(ended.onnx).equals(whole.onnx)).toBe(true);
    expect(readdirSync(join(dir, ".checkpoints"))).toEqual([]);
  });

  it("when its file is opened by the runtime, then it gives the golden vectors", async () => {
    const { onnx, result } = await trainWish(smallWish(file, { family, ...own }), tempDir());
    expect(createHash("sha256").update(onnx).digest("hex")).toBe(result.file_sha256);
    const model = inspectModel(onnx, family);
    expect(model.metadata.notes).toMatchObject({ family, weights_hash: result.weights_hash, data_hash: result.data_hash });
    const { golden } = model.metadata;
    const session = await openModelSession(model);
    const given = await session.run(golden!.matrices, golden!.rows);
    await session.release();
    expect(goldenDifference(golden!, given)).toBeLessThan(1e-5);
  });
});

describe("given a training", () => {
  it("when the end of the candles is other, then nothing of an earlier fold changes", async () => {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    const changed = join(tempDir(), "BTC-USDT-PERP_1m.csv");
    const noise = lines.map((line, i) =>
      i < lines.length - 20 ? line : line.replace(/,([\d.]+),(\d+)$/, (_, close: string) => `,${close},1`),
    );
    writeFileSync(changed, `${noise.join("\n")}\n`);
    const [a, b] = [await trainWish(smallWish(file), tempDir()), await trainWish(smallWish(changed), tempDir())];
    expect(b.result.data_hash).not.toBe(a.result.data_hash);
    expect(b.result.folds.map((fold) => fold.weights_hash)).toEqual(a.result.folds.map((fold) => fold.weights_hash));
  });

  it("when folds are judged, then each by rows after all it learnt from, and the file's training range ends before them", async () => {
    const { result, onnx } = await trainWish(smallWish(file, { folds: 3 }), tempDir());
    for (const { training, validation } of result.folds) expect(training.to < validation.from).toBe(true);
    const range = inspectModel(onnx, "one").metadata.notes["training_range"]!.split("/");
    expect(range[1]! <= result.folds.at(-1)!.validation.from).toBe(true);
  });

  it("when a checkpoint is of other settings, or damaged, then it is not taken", async () => {
    const dir = tempDir();
    const stop = new AbortController();
    stop.abort();
    await expect(trainWish(smallWish(file), dir, { signal: stop.signal })).rejects.toMatchObject({ code: "TRAINING_STOPPED" });
    const [name] = readdirSync(join(dir, ".checkpoints"));
    const prepared = async (over: object) => prepare(completeTraining(smallWish(file, over)), () => undefined);
    expect((await prepared({})).key).toBe(name);
    for (const over of [
      { seed: 9 },
      { length: 3 },
      { folds: 3 },
      { window: 10 },
      { settings: { batch: 64 } },
      { labelParameters: { horizon: 9 } },
    ])
      expect((await prepared(over)).key, JSON.stringify(over)).not.toBe(name);
    const path = join(dir, ".checkpoints", name!);
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
    expect(openCheckpoint(dir, name!).read()).toBeUndefined();
    const { result } = await trainWish(smallWish(file), dir);
    expect(result).toEqual((await trainWish(smallWish(file), tempDir())).result);
  });

  it("when --fresh is asked, then the checkpoint is left aside", async () => {
    const dir = tempDir();
    const stop = new AbortController();
    stop.abort();
    await expect(trainWish(smallWish(file), dir, { signal: stop.signal })).rejects.toMatchObject({ code: "TRAINING_STOPPED" });
    const hooks = { tell: () => undefined, signal: new AbortController().signal, dir, checkpointEveryMs: 1e9 };
    const begin = async (fresh: boolean) => {
      const { learner, resumedFrom } = await train(await prepare(completeTraining(smallWish(file)), () => undefined), { ...hooks, fresh });
      await learner.release();
      return resumedFrom;
    };
    expect(await begin(false)).toBeGreaterThan(0);
    expect(await begin(true)).toBeUndefined();
  });

  it("when the candles stop and go on much later, then a notice tells from when to when, and how many rows that cost", async () => {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    const holed = join(tempDir(), "BTC-USDT-PERP_1m.csv");
    writeFileSync(holed, [...lines.slice(0, 301), ...lines.slice(601)].join("\n"));
    const { notices } = await prepare(completeTraining(smallWish(holed)), () => undefined);
    expect(notices.join("\n")).toMatch(/^[1-9]\d* rows are left out.*2024-01-01T05:00.*2024-01-01T10:00/m);
  });

  it("when it is judged by several folds, then its sentence tells that no one model saw all of those rows", async () => {
    const sentence = async (folds: number): Promise<string> =>
      (await trainWish(smallWish(file, { family: "gbdt", folds }), tempDir())).result.baseline.sentence;
    expect(await sentence(3)).toContain("each judged by a model of those before it (3 folds)");
    expect(await sentence(1)).not.toContain("folds");
  });

  it("when the rows are too few for an interval, then sentence, result and card say no number there", async () => {
    const { result, card } = await trainWish(smallWish(file, { family: "gbdt", folds: 1, labelParameters: { horizon: 150 } }), tempDir());
    expect(result.baseline).toMatchObject({ beats_naive: "not distinguishable", difference: { low_pct: null, high_pct: null } });
    expect(result.baseline.sentence).toContain("too few rows for a 95 % interval");
    expect(`${JSON.stringify(result)} ${card}`).not.toContain("NaN");
  });

  it("when its folder cannot be written, then nothing is left half-written", async () => {
    const place = join(tempDir(), "taken");
    writeFileSync(place, "a file");
    await expect(trainWish(smallWish(file), place)).rejects.toThrow(/EEXIST|ENOTDIR/);
  });
});

import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildDataset, calendarNamed, rowsBefore, type Dataset, type DatasetPlan } from "@tradewind/core";
import { tempDir } from "@tradewind/testkit";
import { describe, expect, it } from "vitest";
import { findFamily } from "../src/learners/registry.ts";
import { gapBefore } from "../src/learners/meta.ts";
import { completeSettings } from "../src/learners/settings.ts";
import { splitLesson } from "../src/learners/speakers.ts";
import { matricesOf } from "../src/learners/rows.ts";
import type { Lesson, Member } from "../src/learners/learner.ts";
import { hashOfCode } from "../src/train/code.ts";
import { instrumentOf, planted, volumes } from "./rl-support.ts";

const instrument = instrumentOf("linear");
const columns = planted(400, 5);
/** Some rows' labels are over at once, those of their neighbours late. */
const plan: DatasetPlan = {
  instrument,
  matrix: volumes,
  label: { name: "triple_barrier", parameters: { horizon: 30, volatility: 10 } },
  costs: { spreadBps: 1, slippageBps: 1 },
};
const dataset: Dataset = buildDataset(plan, columns, { calendar: calendarNamed(instrument.calendar) });
const rowsFrom = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);
const lesson = (validation: Int32Array): Lesson => ({ dataset, columns, instrument, train: rowsFrom(0, 150), validation });

describe("given labels whose ends do not rise", () => {
  const rows = rowsFrom(200, 320);

  it("when rows are split between members and what is above them, then no label of the first part looks into the second", () => {
    const { own, rows: later, cautions } = splitLesson(lesson(rows));
    const before = new Set(rowsBefore(dataset, later, 0));
    expect([...own.validation].filter((row) => !before.has(row))).toEqual([]);
    expect(own.validation.length).toBeGreaterThan(0);
    expect(cautions).toEqual([]);
  });

  it("when a head is trained, then no label of what it learns from looks past the first row that it is judged by", () => {
    const untils = [40, 60, 71, 85, 100];
    const looking = untils.map((until) => {
      const learnt = rows.subarray(0, until - gapBefore(dataset, rows, until));
      return [...learnt].filter((row) => dataset.labelEnd[row]! > dataset.closeTime[rows[until]!]!);
    });
    expect(looking).toEqual(untils.map(() => []));
    expect(untils.some((until) => gapBefore(dataset, rows, until) > 0)).toBe(true);
  });
});

it.each(["ensemble", "meta"])(
  "given no rows to hold back, when %s is fit, then it says whose rows its members were judged by",
  async (name) => {
    const family = findFamily(name);
    const members = ["gbdt", "gbdt"].map((one): Member => ({
      kind: "family",
      name: one,
      settings: completeSettings(findFamily(one), { rounds: 2 }),
    }));
    const codes = async (validation: Int32Array): Promise<string[]> => {
      const learner = await family.open(lesson(validation), { settings: completeSettings(family, {}), seed: 1, members });
      const { cautions = [] } = await learner.fit(() => Promise.resolve());
      await learner.release();
      return cautions.map(({ code }) => code);
    };
    expect(await codes(new Int32Array())).toEqual(["MEMBERS_JUDGED_BY_OWN_ROWS"]);
    expect(await codes(rowsFrom(200, 320))).toEqual([]);
  },
);

it("given rows, when their matrices are asked for, then they are the rows' own, and copied only where rows do not follow each other", () => {
  const { rowSize, x } = dataset;
  for (const rows of [rowsFrom(7, 90), Int32Array.of(3, 5, 4), Int32Array.of(9), new Int32Array()]) {
    const matrices = matricesOf(dataset, rows);
    expect(matrices).toEqual(Float32Array.from([...rows].flatMap((row) => [...x.subarray(row * rowSize, (row + 1) * rowSize)])));
  }
  expect(matricesOf(dataset, rowsFrom(7, 90)).buffer).toBe(x.buffer);
  expect(matricesOf(dataset, Int32Array.of(3, 5, 4)).buffer).not.toBe(x.buffer);
});

it("given the program's sources, when one of them changes, then its hash does; where they lie does not matter", () => {
  const [here, there] = [join(tempDir(), "one"), join(tempDir(), "two")];
  mkdirSync(join(here, "src", "deep"), { recursive: true });
  writeFileSync(join(here, "package.json"), "{}");
  writeFileSync(join(here, "src", "deep", "a.ts"), "export const a = 1;\n");
  cpSync(here, there, { recursive: true });
  expect(hashOfCode([there])).toBe(hashOfCode([here]));
  writeFileSync(join(there, "src", "deep", "a.ts"), "export const a = 2;\n");
  expect(hashOfCode([there])).not.toBe(hashOfCode([here]));
});

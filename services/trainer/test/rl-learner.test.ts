import {
  buildDataset,
  calendarNamed,
  directionLabels,
  DOWN,
  UP,
  walkForward,
  type CandleColumns,
  type Dataset,
  type Instrument,
} from "@tradewind/core";
import { describe, expect, test } from "vitest";
import { completeSettings } from "../src/learners/settings.ts";
import type { Learner, Lesson } from "../src/learners/learner.ts";
import { matricesOf } from "../src/learners/rows.ts";
import { dqn } from "../src/rl/learner.ts";
import { instrumentOf, planted, volumes } from "./rl-support.ts";

const COSTS = { spreadBps: 1, slippageBps: 1 };

function datasetOf(columns: CandleColumns, instrument: Instrument): Dataset {
  const label = { name: "forward_return", parameters: { horizon: 1 } };
  return buildDataset({ instrument, matrix: volumes, label, costs: COSTS }, columns, { calendar: calendarNamed(instrument.calendar) });
}

function lessonOf(rows: number, seed: number, instrument = instrumentOf("linear"), columns = planted(rows, seed)): Lesson {
  const dataset = datasetOf(columns, instrument);
  const [fold] = walkForward(dataset, { folds: 1, minTrain: 0.7, embargoMs: 0 });
  return { dataset, columns, instrument, train: fold!.train, validation: fold!.validation };
}

const small = { first_width: 16, second_width: 8, batch: 32, episode: 200, epochs: 2, replay_every: 2 };
const open = (lesson: Lesson, settings: Record<string, number> = small, seed = 3): Promise<Learner> =>
  dqn.open(lesson, { settings: completeSettings(dqn, settings), seed, members: [] });

const quiet = (): Promise<void> => Promise.resolve();

/** Share of rows on which the greedy action is the side on which the next bar closes. */
async function rightSides(learner: Learner, { dataset }: Lesson, rows: Int32Array): Promise<number> {
  const said = await learner.probabilities(matricesOf(dataset, rows), rows.length);
  let right = 0;
  rows.forEach((row, i) => {
    const [down, , up] = said.subarray(i * directionLabels.length, (i + 1) * directionLabels.length);
    right += (up! > down! ? UP : DOWN) === (dataset.forwardReturn[row]! > 0 ? UP : DOWN) ? 1 : 0;
  });
  return right / rows.length;
}

describe("the family dqn", () => {
  test("given a market that one feature gives away, when it has lived in it, then its greedy policy finds that out, on rows it has not seen", async () => {
    const lesson = lessonOf(3_000, 21);
    const learner = await open(lesson, { ...small, epochs: 3 });
    try {
      expect(await rightSides(learner, lesson, lesson.validation)).toBeLessThan(0.8);
      const { curve, kept } = await learner.fit(quiet);
      expect(await rightSides(learner, lesson, lesson.validation)).toBeGreaterThan(0.95);
      expect(curve).toHaveLength(3);
      // It earns: the negated mean reward on validation rows is well below 0.
      expect(curve[kept!]!.validationLoss).toBeLessThan(-0.5);
    } finally {
      await learner.release();
    }
  });

  test("given data that stops and goes on later at ten times the price, when it has lived in it, then nobody earned that step", async () => {
    const columns = planted(1_500, 24);
    for (let row = 500; row < columns.length; row++) {
      for (const time of ["openTime", "closeTime"] as const) columns[time][row]! += 90 * 86_400_000;
      for (const price of ["open", "high", "low", "close"] as const) columns[price][row]! *= 10;
    }
    const learner = await open(lessonOf(1_500, 24, instrumentOf("linear"), columns));
    try {
      const { curve, kept } = await learner.fit(quiet);
      // In usual moves of a row; were the step one of them, a usual move would be ten times as large.
      expect(curve[kept!]!.validationLoss).toBeLessThan(-0.5);
      expect(curve.every(({ loss }) => loss < 1)).toBe(true);
    } finally {
      await learner.release();
    }
  });

  test("given the same lesson and seed, when it is trained twice, stopped and resumed in between, then the weights are the same; another seed gives others", async () => {
    const lesson = lessonOf(700, 22);
    const whole = await open(lesson);
    await whole.fit(quiet);
    const hash = whole.weightsHash();

    for (const stopAt of [1, 4, 9]) {
      const stopped = await open(lesson);
      let calls = 0;
      let saved: unknown;
      const stop = (): Promise<void> => {
        if (++calls < stopAt) return Promise.resolve();
        saved = structuredClone(stopped.snapshot());
        return Promise.reject(new Error("stopped"));
      };
      await expect(stopped.fit(stop)).rejects.toThrow("stopped");
      await stopped.release();
      const resumed = await open(lesson);
      await resumed.restore(saved);
      await resumed.fit(quiet);
      expect(resumed.weightsHash(), `stopped after ${stopAt} calls`).toBe(hash);
      await resumed.release();
    }
    const other = await open(lesson, small, 4);
    await other.fit(quiet);
    expect(other.weightsHash()).not.toBe(hash);
    await Promise.all([whole.release(), other.release()]);
  });

  test("given rows after the lesson as noise, when it is trained on the rows before, then the weights are the same", async () => {
    const instrument = instrumentOf("spot");
    const columns = planted(900, 23);
    const noisy = planted(900, 77);
    for (const field of ["open", "high", "low", "close", "volume"] as const) noisy[field].set(columns[field].subarray(0, 500));
    const hashes: string[] = [];
    for (const candles of [columns, noisy]) {
      const dataset = datasetOf(candles, instrument);
      const train = Int32Array.from({ length: dataset.rows }, (_, row) => row).filter(
        (row) => dataset.labelEnd[row]! <= columns.closeTime[499]!,
      );
      const learner = await open({ dataset, columns: candles, instrument, train, validation: new Int32Array() });
      await learner.fit(quiet);
      hashes.push(learner.weightsHash());
      await learner.release();
    }
    expect(hashes[1]).toBe(hashes[0]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  allocateColumns,
  buildDataset,
  calendarNamed,
  candleAt,
  createEngine,
  createPrng,
  DOWN,
  encodeEntry,
  FLAT,
  fromNumber,
  UP,
  variantEquity,
  type Instrument,
  type LedgerEntry,
  type Money,
  type StrategyDefinition,
  type VariantPlan,
} from "@tradewind/core";
import { afterAll, describe, expect, test } from "vitest";
import { completeSettings } from "../src/learners/settings.ts";
import type { Lesson } from "../src/learners/learner.ts";
import { experienceOf, readLedgerFile } from "../src/rl/experience.ts";
import { dqn } from "../src/rl/learner.ts";
import { tradingEnvironment } from "../src/rl/environment.ts";
import { instrumentOf, planted, volumes } from "./rl-support.ts";

const ROWS = 400;
const costs = { spreadBps: 1, slippageBps: 1 };
const dir = mkdtempSync(join(tmpdir(), "experience-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A variant that puts `share` of its funds into what its script says, with the exits given. */
function planOf(instrument: Instrument, share: number, stopLossPct: number | null): VariantPlan {
  const { account } = tradingEnvironment({ instrument, columns: planted(2, 1), costs });
  const agent = [...account.trade.state.variants.values()][0]!.plan;
  return {
    ...agent,
    id: "paper",
    account: { ...agent.account, startingBalance: fromNumber<Money>(10_000) },
    members: [{ source: "script", kind: "strategy", name: "script", parameters: {}, weight: 1 }],
    sizing: { method: "cash_fraction", fraction: share },
    exits: { ...agent.exits, stopLossPct },
  };
}

/** A backtest of a script that says a side or nothing on each close; its ledger as the command exports it. */
function run(instrument: Instrument, share: number, stopLossPct: number | null = null) {
  const columns = planted(ROWS, 31);
  const plan = planOf(instrument, share, stopLossPct);
  const prng = createPrng(8);
  const script = {
    name: "script",
    doc: "",
    parameters: {},
    warmup: () => 1,
    create: () => ({
      onCandle: () => ({ action: (["BUY", "SELL", "HOLD", "HOLD"] as const)[prng.below(4)]!, confidence: 1, reason: "script" }),
      snapshot: () => undefined,
      restore: () => undefined,
    }),
  } as unknown as StrategyDefinition;
  const entries: LedgerEntry[] = [];
  const engine = createEngine({
    plan,
    epoch: "00000001",
    startTime: columns.openTime[0]!,
    onEntry: (entry) => entries.push(entry),
    calendarOf: calendarNamed,
    definitionOf: () => script,
  });
  const variant = engine.account.trade.state.variants.get(plan.id)!;
  const held: number[] = [];
  const equity: number[] = [];
  for (let row = 0; row < columns.length; row++) {
    const candle = candleAt(columns, row);
    engine.close(candle.closeTime, [candle]);
    held.push(Math.sign(variant.slots[0]!.qty));
    equity.push(variantEquity(variant));
  }
  const file = join(dir, `${instrument.kind}-${share}-${stopLossPct}.jsonl`);
  writeFileSync(file, entries.map((entry) => `${encodeEntry(entry)}\n`).join(""));
  return { columns, entries, file, held, equity };
}

function lessonOf(instrument: Instrument, columns: ReturnType<typeof planted>, from = 0, to = Infinity): Lesson {
  const label = { name: "forward_return", parameters: { horizon: 1 } };
  const dataset = buildDataset({ instrument, matrix: volumes, label, costs }, columns, { calendar: calendarNamed(instrument.calendar) });
  const train = Int32Array.from({ length: dataset.rows }, (_, row) => row).filter((row) => row >= from && row < to);
  return { dataset, columns, instrument, train, validation: new Int32Array() };
}

describe("experience of a paper run", () => {
  for (const kind of ["spot", "linear"] as const)
    test(`given the ledger of a run on ${kind}, when it is read back, then each step is what the run held and earned, as if all had been put in`, async () => {
      const instrument = instrumentOf(kind);
      const { columns, file, held, equity, entries } = run(instrument, 0.5);
      const lesson = lessonOf(instrument, columns);
      const found = experienceOf(lesson, await readLedgerFile(file));
      const rowOf = (state: number): number => columns.closeTime.indexOf(lesson.dataset.closeTime[state]!);
      expect(found.length).toBeGreaterThan(300);
      let [acted, turned] = [0, 0];
      for (const { state, next, action, reward, done } of found) {
        const row = rowOf(state);
        // The position after the close's decision is the one held at the next close, where nothing else closes it.
        expect(action).toBe([DOWN, FLAT, UP][held[row + 1]! + 1]);
        expect([next, done]).toEqual([state + 1, false]);
        const change = equity[row + 1]! / equity[row]! - 1;
        if (action === FLAT && held[row] === 0) expect(reward).toBe(0);
        else expect(Math.sign(reward)).toBe(Math.sign(change));
        // Half of the funds were put in: the reward counts as if it had been all, up to what the half has become.
        if (held[row] === held[row + 1] && action !== FLAT) {
          acted++;
          expect(reward / Math.log1p(change)).toBeGreaterThan(1.3);
          expect(reward / Math.log1p(change)).toBeLessThan(3);
        } else turned++;
      }
      expect(Math.min(acted, turned)).toBeGreaterThan(20);
      expect(entries.at(-1)!.watermark).toBeGreaterThanOrEqual(lesson.dataset.closeTime[found.at(-1)!.next]!);
    });

  test("given a run that puts in all, when it is read back, then its rewards are those of the agent's own market", () => {
    const instrument = instrumentOf("linear");
    const { columns, entries } = run(instrument, 1);
    const lesson = lessonOf(instrument, columns);
    const found = experienceOf(lesson, entries);
    const market = tradingEnvironment({ instrument, columns, costs });
    const rowOf = (state: number): number => columns.closeTime.indexOf(lesson.dataset.closeTime[state]!);
    const first = found.findIndex(({ action }) => action !== FLAT);
    market.reset(rowOf(found[first]!.state));
    for (const { action, next, reward } of found.slice(first)) expect(market.step(action, rowOf(next)).reward).toBeCloseTo(reward, 3);
  });

  test("given a stop that is hit within a row, when it is read back, then the action is what was entered, not what the stop left", () => {
    const instrument = instrumentOf("linear");
    const { columns, entries } = run(instrument, 1, 0.05);
    const stopped = entries.flatMap(({ watermark, events }) =>
      events.some((event) => event.type === "fill" && event.leg === "stop") ? [watermark] : [],
    );
    const lesson = lessonOf(instrument, columns);
    const found = new Map(experienceOf(lesson, entries).map((one) => [lesson.dataset.closeTime[one.state]!, one]));
    const steps = stopped.flatMap((time) => found.get(time) ?? []);
    expect(steps.length).toBeGreaterThan(20);
    expect(steps.filter(({ action, reward }) => action !== FLAT && reward < 0)).toEqual(steps);
  });

  test("given rows that are not learnt from, when it is read back, then nothing of them or on to them is in it", () => {
    const instrument = instrumentOf("linear");
    const { columns, entries } = run(instrument, 1);
    const lesson = lessonOf(instrument, columns, 50, 120);
    const found = experienceOf(lesson, entries);
    expect(found.map(({ state }) => state)).toEqual(Array.from({ length: 69 }, (_, i) => 50 + i));
    expect(experienceOf(lessonOf(instrument, columns, 0, 0), entries)).toEqual([]);
  });

  test("given candles that stop and go on much later, when it is read, then nobody earned the step between", () => {
    const instrument = instrumentOf("linear");
    const { columns, entries } = run(instrument, 1);
    const missing = { from: columns.closeTime[99]!, to: columns.openTime[160]! };
    const thinned = allocateColumns(columns.instrument, columns.timeframe, columns.length - 60);
    for (const field of ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const) {
      thinned[field].set(columns[field].subarray(0, 100));
      thinned[field].set(columns[field].subarray(160), 100);
    }
    const lesson = lessonOf(instrument, thinned);
    const { closeTime } = lesson.dataset;
    const found = experienceOf(lesson, entries);
    expect(found.filter(({ state, next }) => closeTime[state]! <= missing.from && closeTime[next]! > missing.to)).toEqual([]);
    expect(found.some(({ state }) => closeTime[state]! > missing.to)).toBe(true);
  });

  test("given a ledger of another symbol, or a file that is none, when it is read, then one line says so", async () => {
    const { columns, entries } = run(instrumentOf("linear"), 1);
    const other = { ...instrumentOf("linear"), id: "ETH-USD", symbol: "ETH/USD" };
    expect(() => experienceOf(lessonOf(other, columns), entries)).toThrow(
      expect.objectContaining({
        code: "EXPERIENCE_ELSEWHERE",
        action: "input",
        message: expect.stringContaining("ETH/USD") as string,
      }) as Error,
    );
    await expect(readLedgerFile(join(dir, "none.jsonl"))).rejects.toMatchObject({ code: "EXPERIENCE_FILE", action: "input" });
    const wrong = join(dir, "wrong.jsonl");
    writeFileSync(wrong, `${encodeEntry(entries[0]!)}\n1,2,3\n`);
    await expect(readLedgerFile(wrong)).rejects.toMatchObject({
      code: "BAD_LEDGER_LINE",
      message: expect.stringContaining("line 2") as string,
    });
  });

  test("given a file of experience, when an agent learns, then it learns from it too, the same each time", async () => {
    const instrument = instrumentOf("linear");
    const { columns, file, entries } = run(instrument, 1);
    const lesson = lessonOf(instrument, columns, 0, 300);
    const kept = experienceOf(lesson, entries).length;
    const hashes: string[] = [];
    for (const experience of [undefined, file, file]) {
      const settings = completeSettings(dqn, { first_width: 8, second_width: 8, batch: 32, episode: 100, epochs: 1 });
      const learner = await dqn.open(lesson, { settings, seed: 1, members: [], ...(experience !== undefined && { experience }) });
      const { notices } = await learner.fit(() => Promise.resolve());
      if (experience !== undefined) expect(notices).toEqual([`${kept} steps of paper runs were learnt from beside its own`]);
      hashes.push(learner.weightsHash());
      await learner.release();
    }
    expect(hashes[1]).toBe(hashes[2]);
    expect(hashes[1]).not.toBe(hashes[0]);
  });
});

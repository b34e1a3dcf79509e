import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { loadDefinitions } from "@tradewind/config";
import { calendarNamed, createEngine, createPrng, encodeEntry, type Candle, type Decision, type LedgerEntry } from "@tradewind/core";
import { encodeRaw } from "@tradewind/contracts";
import { eventually, mortal } from "@tradewind/testkit";
import { executionWith } from "../src/index.ts";
import { interleave, walk } from "./support/market.ts";
import {
  candleNote,
  decisionNote,
  desiredOf,
  endNote,
  ledgerOf,
  put,
  settings,
  startExecution,
  variantOf,
  variantText,
  want,
  type Note,
} from "./support/scene.ts";

const config = settings({ run: { clock: "events" } });
const text = variantText({ fills: { at_end: "close_at_close" } });
const variant = variantOf("pair", text);
const { plan } = variant;
const account = "paper-pair";

/** What a backtest over these candles makes: its ledger, and the decisions on the way. */
async function backtest(candles: readonly Candle[]): Promise<{ ledger: LedgerEntry[]; decisions: Decision[] }> {
  const ledger: LedgerEntry[] = [];
  const decisions: Decision[] = [];
  const engine = createEngine({
    plan,
    epoch: "00000001",
    startTime: Math.min(...candles.map(({ openTime }) => openTime)),
    calendarOf: calendarNamed,
    definitionOf: await loadDefinitions(variant),
    onEntry: (entry) => ledger.push(entry),
    onDecision: (decision) => decisions.push(decision),
  });
  const times = [...new Set(candles.map(({ closeTime }) => closeTime))].sort((a, b) => a - b);
  for (const time of times)
    engine.close(
      time,
      candles.filter(({ closeTime }) => closeTime === time),
    );
  const last = plan.instruments.map(({ id }) => candles.findLast(({ instrument }) => instrument === id)!);
  engine.finish(last.map((candle) => ({ ...candle, closeTime: times.at(-1)! })));
  return { ledger, decisions };
}

/** Everything of one run as messages, in any order that the subjects allow. */
function notesOf(candles: readonly Candle[], decisions: readonly Decision[], seed: number): Note[] {
  const lists = plan.instruments.flatMap(({ id }) => [
    [...candles.filter(({ instrument }) => instrument === id).map((candle) => candleNote("bybit", candle)), endNote("bybit", id, 0)],
    decisions.filter(({ instrument }) => instrument === id).map(decisionNote),
  ]);
  return interleave(lists, createPrng(seed));
}

let folder: string;
let bus: Bus;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tradewind-execution-"));
  bus = await openEmbeddedBus(join(folder, "bus.sqlite"));
  await bus.ensure();
});
afterEach(async () => {
  await bus.close();
  rmSync(folder, { recursive: true, force: true });
});

const lines = (entries: readonly LedgerEntry[]): string[] => entries.map(encodeEntry);

describe("given recorded candles and decisions under the events clock", () => {
  test.each([1, 2, 3])("seed %i: the ledger is the backtest's, entry by entry", async (seed) => {
    const candles = walk(
      plan.instruments.map(({ id }) => id),
      600,
      seed,
    );
    const { ledger, decisions } = await backtest(candles);
    expect(ledger.length).toBeGreaterThan(20);
    await want(bus, desiredOf("pair", text));
    await put(bus, notesOf(candles, decisions, seed));
    const service = await startExecution(bus, config);
    await eventually(async () => (await ledgerOf(bus, account)).length === ledger.length);
    expect(lines(await ledgerOf(bus, account))).toEqual(lines(ledger));
    await service.stop();
  });

  test("an account killed again and again, at any point, ends with the same ledger", async () => {
    const seed = 4;
    const prng = createPrng(seed);
    const ids = plan.instruments.map(({ id }) => id);
    const candles = walk(ids, 2_000, seed);
    const { ledger, decisions } = await backtest(candles);
    await want(bus, desiredOf("pair", text));
    const notes = notesOf(candles, decisions, seed);
    const share = notes.length / 10;
    await put(bus, notes.splice(0, share));
    for (let life = 0; life < 8; life++) {
      const handle = mortal(await openEmbeddedBus(join(folder, "bus.sqlite")));
      // Some lives save a checkpoint first, the others die as they go on from an older one.
      const saves = life === 2 || life === 5;
      const dieSoon = (): void => handle.dieAtAppend(1 + prng.below(15), prng.chance(0.5) ? "before" : "after", "tw.ledger.");
      if (!saves) dieSoon();
      const before = await checkpointRevision();
      await startExecution(handle.bus, config, executionWith({ unleased: [account] }));
      if (saves) {
        await put(bus, notes.splice(0, 20));
        await eventually(async () => (await checkpointRevision()) !== before);
        dieSoon();
      }
      await put(bus, notes.splice(0, share));
      await eventually(() => handle.dead(), { message: `life ${life} of seed ${seed} was to end` });
    }
    await put(bus, notes);
    const service = await startExecution(bus, config, executionWith({ unleased: [account] }));
    await eventually(async () => (await ledgerOf(bus, account)).length === ledger.length);
    expect(lines(await ledgerOf(bus, account))).toEqual(lines(ledger));
    await service.stop();
  });

  test("without its checkpoint the account works the whole log again and appends nothing twice", async () => {
    const candles = walk(
      plan.instruments.map(({ id }) => id),
      300,
      5,
    );
    const { ledger, decisions } = await backtest(candles);
    await want(bus, desiredOf("pair", text));
    const notes = notesOf(candles, decisions, 5);
    await put(bus, notes.splice(0, notes.length / 2));
    const first = await startExecution(bus, config);
    await eventually(async () => (await ledgerOf(bus, account)).length > 5);
    await first.stop();
    expect(await bus.kv("checkpoints").delete(`execution.${account}`)).toBe(true);
    await put(bus, notes);
    const second = await startExecution(bus, config);
    await eventually(async () => (await ledgerOf(bus, account)).length === ledger.length);
    expect(lines(await ledgerOf(bus, account))).toEqual(lines(ledger));
    await second.stop();
  });

  test("a ledger shorter than its checkpoint stops the account: entries are missing", async () => {
    await want(bus, desiredOf("pair", text));
    const candles = walk(
      plan.instruments.map(({ id }) => id),
      300,
      8,
    );
    const { decisions } = await backtest(candles);
    await put(bus, notesOf(candles, decisions, 8));
    const first = await startExecution(bus, config);
    await eventually(async () => (await ledgerOf(bus, account)).length > 5);
    await first.stop();
    const checkpoint = (await bus.kv("checkpoints").get(`execution.${account}`))!.value;
    const other = await openEmbeddedBus(":memory:");
    await other.ensure();
    await other.kv("run").put("manifest", JSON.stringify(first.context.run));
    await other.kv("checkpoints").put(`execution.${account}`, checkpoint);
    await want(other, desiredOf("pair", text));
    const second = await startExecution(other, config);
    await eventually(() => second.context.state.current().notes.some((note) => note.text.includes("LEDGER_DIVERGED")));
    expect(await ledgerOf(other, account)).toEqual([]);
    await second.stop();
    await other.close();
  });

  test("a ledger that the log does not lead to stops the account and stays as it is", async () => {
    const candles = walk(
      plan.instruments.map(({ id }) => id),
      100,
      6,
    );
    const { ledger, decisions } = await backtest(candles);
    const foreign = encodeRaw(
      "ledger",
      { id: "x", time: 0, published: 0, source: "test", run: "test" },
      encodeEntry({ ...ledger[0]!, time: 1 }),
    );
    await bus.append(`tw.ledger.${account}`, foreign);
    await want(bus, desiredOf("pair", text));
    await put(bus, notesOf(candles, decisions, 6));
    const service = await startExecution(bus, config);
    await eventually(() => service.context.state.current().notes.some((note) => note.text.includes("LEDGER_DIVERGED")));
    expect(await ledgerOf(bus, account)).toHaveLength(1);
    await service.stop();
  });
});

describe("given two instances that both believe to own an account", () => {
  test("one of them writes its ledger, the other is fenced", async () => {
    const candles = walk(
      plan.instruments.map(({ id }) => id),
      300,
      7,
    );
    const { ledger, decisions } = await backtest(candles);
    await want(bus, desiredOf("pair", text));
    const own = executionWith({ unleased: [account] });
    const handles = await Promise.all([openEmbeddedBus(join(folder, "bus.sqlite")), openEmbeddedBus(join(folder, "bus.sqlite"))]);
    const services = await Promise.all(handles.map((handle) => startExecution(handle, config, own)));
    await put(bus, notesOf(candles, decisions, 7));
    await eventually(async () => (await ledgerOf(bus, account)).length === ledger.length);
    expect(lines(await ledgerOf(bus, account))).toEqual(lines(ledger));
    const fenced = services.filter(({ context }) => context.state.current().notes.some((note) => note.text.startsWith("fenced: ")));
    expect(fenced).toHaveLength(1);
    await Promise.all(services.map((service) => service.stop()));
  });
});

async function checkpointRevision(): Promise<number | undefined> {
  return (await bus.kv("checkpoints").get(`execution.${account}`))?.revision;
}

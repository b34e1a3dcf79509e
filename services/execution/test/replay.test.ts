import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { loadDefinitions } from "@tradewind/config";
import { calendarNamed, createEngine, createPrng, encodeEntry, type Candle, type Decision, type LedgerEntry } from "@tradewind/core";
import { eventually } from "@tradewind/testkit";
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
});

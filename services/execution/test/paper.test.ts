import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { decodeMessage, encodeMessage, type ServiceReply } from "@tradewind/contracts";
import type { Action, Decision, LedgerEntry, LedgerEvent } from "@tradewind/core";
import { setMarketClock, type StartedService } from "@tradewind/kit";
import { eventually, mortal } from "@tradewind/testkit";
import { executionWith } from "../src/index.ts";
import type { AccountView } from "../src/view.ts";
import { MINUTE, minuteOf, START } from "./support/market.ts";
import { candleNote, decisionNote, desiredOf, ledgerOf, put, settings, startExecution, variantText, want } from "./support/scene.ts";

const config = settings({ run: { clock: "wall" } });
const instrument = "BTC-USDT-PERP";
const account = "paper-one";
const text = variantText({
  trading_symbols: { futures: ["BTC/USDT:USDT"] },
  timeframes: ["1m"],
  risk_settings: { risk_per_trade: 0.01, stop_loss_pct: 2, take_profit_pct: 5, leverage: 2 },
});
const own = executionWith({ unleased: [account] });

let folder: string;
let file: string;
let bus: Bus;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tradewind-execution-"));
  file = join(folder, "bus.sqlite");
  bus = await openEmbeddedBus(file);
  await bus.ensure();
  await want(bus, desiredOf("one", text));
  await marketTime(0);
});
afterEach(async () => {
  await bus.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The market stands still `minute` minutes after `START`. */
async function marketTime(minute: number): Promise<void> {
  await setMarketClock(bus, { wallMs: 0, marketMs: START + minute * MINUTE, speed: 0 });
}

/** The market goes on to the close of this minute. */
async function candle(minute: number, prices: readonly [number, number, number, number] | number): Promise<void> {
  const four = typeof prices === "number" ? ([prices, prices, prices, prices] as const) : prices;
  await marketTime(minute + 1);
  await put(bus, [candleNote("bybit", minuteOf(instrument, minute, four))]);
}

async function decide(minute: number, action: Action, close = 100, over: Partial<Decision> = {}): Promise<void> {
  const closeTime = START + (minute + 1) * MINUTE;
  const decision: Decision = {
    variant: "one",
    instrument,
    closeTime,
    close,
    action,
    score: action === "BUY" ? 1 : -1,
    votes: [],
    reason: `${action} on minute ${minute}`,
    validUntil: closeTime + MINUTE,
    entryAllowed: true,
    ...over,
  };
  await put(bus, [decisionNote(decision)]);
}

async function events<T extends LedgerEvent["type"]>(type: T): Promise<(Extract<LedgerEvent, { type: T }> & { time: number })[]> {
  const entries: LedgerEntry[] = await ledgerOf(bus, account);
  return entries.flatMap(({ events: list, time }) =>
    list.flatMap((event) => (event.type === type ? [{ ...(event as Extract<LedgerEvent, { type: T }>), time }] : [])),
  );
}

async function ask(verb: string, over: { variant?: string } = {}): Promise<ServiceReply> {
  const data = { verb, by: "tester", ...over };
  const message = encodeMessage("command", { id: "c", time: 0, published: 0, source: "test", run: "test", data });
  return JSON.parse(await bus.request(`tw.command.execution.${verb}`, message, 500)) as ServiceReply;
}

const view = async (): Promise<AccountView> => ((await ask("account", { variant: "one" })).data as AccountView[])[0]!;

/** A position of about 100, with its stop at 98 and target at 105 resting. */
async function hold(): Promise<void> {
  await candle(0, 100);
  await decide(0, "BUY");
  await eventually(async () => (await events("order_intended")).length === 1);
  await candle(1, 100);
  await eventually(async () => (await events("order_open")).length === 3);
}

describe("given a paper account on the wall clock", () => {
  let service: StartedService;
  beforeEach(async () => {
    service = await startExecution(bus, config);
    await eventually(async () => (await events("genesis")).length === 1);
  });
  afterEach(() => service.stop());

  test("a decision is traded at the market's next price, and its exits rest", async () => {
    await hold();
    expect(await events("fill")).toMatchObject([{ side: "BUY", leg: "entry", time: START + MINUTE }]);
    await candle(2, [100, 106, 100, 105.5]);
    await eventually(async () => (await events("fill")).length === 2);
    expect((await events("fill"))[1]).toMatchObject({ side: "SELL", leg: "target" });
    expect((await view()).variants[0]).toMatchObject({ positions: [], openOrders: 0, state: "ACTIVE" });
  });

  test("a decision that comes after its time is recorded as expired and not traded", async () => {
    await candle(0, 100);
    await marketTime(2.5);
    await decide(0, "BUY");
    await eventually(async () => (await events("decision_expired")).length === 1);
    expect(await events("order_intended")).toEqual([]);
  });

  test("a decision that is there before the candle of its close waits for it", async () => {
    await decide(0, "BUY");
    await candle(0, 100);
    await eventually(async () => (await events("order_intended")).length === 1);
    const entries = await ledgerOf(bus, account);
    expect(entries.at(-1)!.watermark).toBe(START + MINUTE);
  });

  test("halt and resume are recorded and hold; close closes what is held", async () => {
    await hold();
    expect(await ask("halt", { variant: "one" })).toMatchObject({ ok: true });
    expect((await events("state")).at(-1)).toMatchObject({ scope: "variant:one", state: "HALTED", reason: "halted by tester" });
    expect(await ask("close", { variant: "one" })).toMatchObject({ ok: true });
    await candle(2, 100);
    await eventually(async () => (await events("fill")).at(-1)?.leg === "close");
    await decide(2, "BUY");
    await eventually(async () => (await events("denied")).some(({ code }) => code === "STATE_HALTED"));
    expect(await events("order_intended")).toHaveLength(4);
    expect(await ask("resume", { variant: "one" })).toMatchObject({ ok: true });
    expect((await view()).variants[0]).toMatchObject({ state: "ACTIVE", positions: [] });
  });

  test("a command for an account that is worked elsewhere is left to others", async () => {
    await expect(ask("halt", { variant: "another" })).rejects.toMatchObject({ code: "NO_REPLY" });
  });

  test("orders, fills, positions and equity are told once they are durable", async () => {
    const told: string[] = [];
    bus.subscribe("tw.*.one.>", ({ subject, data }) => {
      const kind = subject.split(".")[1] as "order" | "fill" | "position";
      told.push(decodeMessage(kind, data).ok ? kind : `unreadable ${kind}: ${data}`);
    });
    bus.subscribe("tw.equity.one", ({ data }) => void told.push(decodeMessage("equity", data).ok ? "equity" : `unreadable ${data}`));
    await hold();
    await eventually(() => told.includes("fill"));
    expect(new Set(told)).toEqual(new Set(["order", "fill", "position", "equity"]));
  });
});

describe("given a paper account whose process is killed", () => {
  /** Starts an owner on a handle of its own. */
  async function owner(): Promise<ReturnType<typeof mortal> & { service: StartedService }> {
    const handle = mortal(await openEmbeddedBus(file));
    return { ...handle, service: await startExecution(handle.bus, config, own) };
  }

  test.each(["before", "after"] as const)(
    "%s the entry of a fill: it is filled once, and the stop fills on candles that were missed",
    async (when) => {
      const first = await owner();
      await candle(0, 100);
      await decide(0, "BUY");
      await eventually(async () => (await events("order_open")).length === 1);
      first.dieAtAppend(1, when, "tw.ledger.");
      await candle(1, 100);
      await eventually(() => first.dead());
      await candle(2, 100);
      await candle(3, [100, 100, 97, 97.5]);
      const second = await owner();
      await eventually(async () => (await events("fill")).length === 2);
      expect(await events("fill")).toMatchObject([
        { leg: "entry", side: "BUY" },
        { leg: "stop", side: "SELL", time: START + 4 * MINUTE },
      ]);
      const numbers = (await ledgerOf(bus, account)).map(({ n, ownerEpoch }) => [n, ownerEpoch] as const);
      expect(numbers.map(([n]) => n)).toEqual(numbers.map((_, i) => i + 1));
      expect(new Set(numbers.map(([, epoch]) => epoch))).toEqual(new Set([1, 2]));
      await second.service.stop();
    },
  );

  test("its former owner, when it goes on, writes nothing more", async () => {
    const first = await startExecution(await openEmbeddedBus(file), config, own);
    await eventually(async () => (await events("genesis")).length === 1);
    const second = await startExecution(await openEmbeddedBus(file), config, own);
    await eventually(async () => (await events("notice")).length === 1);
    await candle(0, 100);
    await decide(0, "BUY");
    await candle(1, 100);
    await eventually(async () => (await events("fill")).length === 1);
    await eventually(() => first.context.state.current().notes.some((note) => note.text.startsWith("fenced: ")));
    const entries = await ledgerOf(bus, account);
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, i) => i + 1));
    expect(entries.slice(1).every(({ ownerEpoch }) => ownerEpoch === 2)).toBe(true);
    await Promise.all([first.stop(), second.stop()]);
  });
});

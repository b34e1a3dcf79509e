import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import type { Timeframe } from "@tradewind/core";
import { eventually, mortal, tempDir } from "@tradewind/testkit";
import { bury, byHand, candlesIn, csvOf, enable, ended, holes, minutes, notes, PERP, replayOf, start, subject } from "./support.ts";

const timeframes: readonly Timeframe[] = ["1m", "5m", "15m", "1h", "4h", "1d"];
const recording = minutes(3_000, 7);
const file = csvOf(recording);

/** Every subject holds what the candles make, each once, with every hole told, and the end. */
async function expectWhole(bus: Bus, candles = recording): Promise<void> {
  const made = byHand(candles);
  for (const timeframe of timeframes) {
    const events = await subject(bus, timeframe);
    expect(candlesIn(events), timeframe).toEqual(made.get(timeframe));
    expect(holes(events, timeframe), timeframe).toEqual([]);
    expect(
      events.filter((event) => event.type === "end"),
      timeframe,
    ).toHaveLength(1);
    expect(events.at(-1), timeframe).toEqual({ type: "end", instrument: PERP, timeframe, time: candles.at(-1)!.closeTime });
  }
}

describe("a replay", () => {
  test("given a recording with holes, then every subject is what the chain makes by hand, complete and in order", async () => {
    const bus = await openEmbeddedBus(":memory:");
    await enable(bus, "one");
    const service = await start(bus, replayOf({ [PERP]: file }));
    await eventually(() => ended(bus));
    await expectWhole(bus);
    expect((await subject(bus, "1m")).filter(({ type }) => type === "gap").length).toBeGreaterThan(20);
    expect(notes(service)).toEqual([]);
    await service.stop();
    await bus.close();
  });

  test("given two variants that define an instrument differently, then it is told whose definition does not count", async () => {
    const bus = await openEmbeddedBus(":memory:");
    await enable(bus, "one");
    await enable(bus, "two", { instruments: { "*": { calendar: "us-regular", tick: 0.5 } } });
    const service = await start(bus, replayOf({ [PERP]: file }));
    await eventually(() => notes(service).length === 2);
    expect(notes(service).join("\n")).toMatch(/variant two sets tick 0.5 .*\n.*variant two sets calendar us-regular .* crypto-24-7/);
    await service.stop();
    await bus.close();
  });

  test("given stops in the middle, then it goes on with nothing lost and nothing doubled", async () => {
    const path = join(tempDir(), "bus.sqlite");
    const config = replayOf({ [PERP]: file }, { pace: 6_000 });
    for (const part of [500, 1_200, Infinity]) {
      // A bus of its own each time, which has forgotten the ids it saw.
      const bus = await openEmbeddedBus(path, { duplicateWindowMs: 1 });
      await enable(bus, "one");
      const service = await start(bus, config);
      await eventually(async () => (await ended(bus)) || (await subject(bus, "1m")).length > part);
      await service.stop();
      if (part === Infinity) await expectWhole(bus);
      await bus.close();
    }
  });

  test.each([
    [1, "before"],
    [1, "after"],
    [333, "before"],
    [334, "after"],
    [1_001, "after"],
    [2_750, "before"],
    [3_600, "after"],
  ] as const)("given a kill at append %i, %s it is done, then the next one makes it whole", async (n, when) => {
    const bus = await openEmbeddedBus(":memory:", { duplicateWindowMs: 1 });
    await enable(bus, "one");
    const doomed = mortal(bus);
    doomed.dieAtAppend(n, when);
    await start(doomed.bus, replayOf({ [PERP]: file }), "first");
    await eventually(() => doomed.dead());
    await bury(bus);
    const service = await start(bus, replayOf({ [PERP]: file }), "second");
    await eventually(() => ended(bus));
    await service.stop();
    await expectWhole(bus);
    await bus.close();
  });

  test("given a recording that has grown, then the rest is played after the first end", async () => {
    const bus = await openEmbeddedBus(":memory:");
    await enable(bus, "one");
    const growing = csvOf(recording.slice(0, 1_000));
    const config = replayOf({ [PERP]: growing });
    const first = await start(bus, config);
    await eventually(() => ended(bus));
    await first.stop();
    writeFileSync(
      growing,
      `${["time_ms,open,high,low,close,volume", ...recording.map((c) => [c.openTime, c.open, c.high, c.low, c.close, c.volume].join(","))].join("\n")}\n`,
    );
    const second = await start(bus, config);
    await eventually(async () => (await subject(bus, "1d")).filter(({ type }) => type === "end").length === 2);
    expect(candlesIn(await subject(bus, "5m"))).toEqual(byHand(recording).get("5m"));
    await second.stop();
    await bus.close();
  });

  test("given a missing file and a broken one, then one clear note each, and the others are played", async () => {
    const broken = join(tempDir(), "broken.csv");
    writeFileSync(broken, "time_ms,open,high,low,close,volume\n1,2,x,1,2,3\n");
    const bus = await openEmbeddedBus(":memory:");
    await enable(bus, "three", { trading_symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"] });
    const service = await start(bus, replayOf({ [PERP]: file, "ETH-USDT-PERP": "/nowhere/eth.csv", "SOL-USDT-PERP": broken }));
    await eventually(() => ended(bus));
    await eventually(() => notes(service).length === 2);
    expect(notes(service).toSorted()).toEqual([
      expect.stringMatching(/^no candles of ETH-USDT-PERP at bybit: CSV_\w+: .*nowhere\/eth\.csv/),
      expect.stringMatching(/^no candles of SOL-USDT-PERP at bybit: CSV_\w+: .*broken\.csv.*2.*x/),
    ]);
    await expectWhole(bus);
    await service.stop();
    await bus.close();
  });

  test("given an instrument that is nowhere recorded, then the note names the way out", async () => {
    const bus = await openEmbeddedBus(":memory:");
    await enable(bus, "one");
    const service = await start(bus, replayOf({}));
    await eventually(() => notes(service).some((note) => /NO_RECORDING.*market\.files/.test(note)));
    await service.stop();
    await bus.close();
  });

  test("given a variant that wants finer candles than there are, then a note says so and it gets the others", async () => {
    const bus = await openEmbeddedBus(":memory:");
    await enable(bus, "fine", { timeframes: { decision: "1m", finest: "1s" } });
    const service = await start(bus, replayOf({ [PERP]: file }));
    await eventually(() => notes(service).some((note) => /variant fine wants 1s candles of BTC-USDT-PERP.*none finer than 1m/.test(note)));
    await eventually(() => ended(bus));
    await service.stop();
    await bus.close();
  });

  test("given a variant enabled while it runs, then its instrument is played too, from its beginning", async () => {
    const bus = await openEmbeddedBus(":memory:");
    await enable(bus, "one");
    const ether = csvOf(recording.slice(0, 700));
    const service = await start(bus, replayOf({ [PERP]: file, "ETH-USDT-PERP": ether }));
    await eventually(() => ended(bus));
    expect(await subject(bus, "1m", "ETH-USDT-PERP")).toEqual([]);
    await enable(bus, "two", { trading_symbols: ["ETH/USDT:USDT"] });
    await eventually(() => ended(bus, "1d", "ETH-USDT-PERP"));
    const played = candlesIn(await subject(bus, "15m", "ETH-USDT-PERP"));
    expect(played.map(({ instrument: _, ...bar }) => bar)).toEqual(
      byHand(recording.slice(0, 700))
        .get("15m")!
        .map(({ instrument: _, ...bar }) => bar),
    );
    await service.stop();
    await bus.close();
  });
});

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import type { ClockSetting } from "@tradewind/contracts";
import { calendarNamed, type Candle, type Timeframe } from "@tradewind/core";
import type { StartedService } from "@tradewind/kit";
import { openCandleStore } from "@tradewind/store";
import { eventually, mortal, tempDir } from "@tradewind/testkit";
import { bury, byHand, candlesIn, enable, holes, notes, PERP, settings, start, subject } from "./support.ts";

const timeframes: readonly Timeframe[] = ["1s", "1m", "5m", "15m", "1h", "4h", "1d"];
const BEGIN = Date.parse("2026-01-05T14:00:00Z");
const WARM = 40;

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function aBus(file = ":memory:"): Promise<Bus> {
  const bus = await openEmbeddedBus(file, { duplicateWindowMs: 1 });
  open.push(() => bus.close());
  return bus;
}

async function run(bus: Bus, config: ReturnType<typeof settings>, instance?: string): Promise<StartedService> {
  const service = await start(bus, config, instance);
  open.push(() => service.stop());
  return service;
}

const market = (more: Record<string, unknown> = {}) =>
  settings({ run: { clock: "wall" }, market: { speed: 300, warmup_bars: WARM, keep: false, ...more } });

const live = (candles: readonly Candle[]): Candle[] => candles.filter(({ origin }) => origin === "live");
const clockOf = async (bus: Bus): Promise<ClockSetting | undefined> => {
  const entry = await bus.kv("run").get("clock");
  return entry && (JSON.parse(entry.value) as ClockSetting);
};

describe("the simulated market on the bus", () => {
  test("given a fast market, then warm-up bars of each timeframe up to where it begins, then live candles without a hole", async () => {
    const bus = await aBus();
    await enable(bus, "one");
    await run(bus, market());
    await eventually(async () => live(candlesIn(await subject(bus, "5m"))).length > 1);
    for (const timeframe of timeframes) {
      const events = await subject(bus, timeframe);
      expect(holes(events, timeframe), timeframe).toEqual([]);
      expect(
        events.filter(({ type }) => type !== "candle"),
        timeframe,
      ).toEqual([]);
      const warm = candlesIn(events).filter(({ origin }) => origin === "warmup");
      expect(warm, timeframe).toHaveLength(WARM);
      expect(warm.at(-1)!.closeTime, timeframe).toBe(calendarNamed("crypto-24-7").bar(timeframe, BEGIN)!.openTime);
    }
    const seconds = candlesIn(await subject(bus, "1s"));
    expect(seconds.find(({ origin }) => origin !== "warmup")!.openTime).toBe(BEGIN);
    const after = candlesIn(await subject(bus, "1m")).filter(({ closeTime }) => closeTime > BEGIN);
    expect(after).toEqual(
      byHand(
        seconds.filter(({ openTime }) => openTime >= BEGIN),
        "1s",
      )
        .get("1m")!
        .slice(0, after.length),
    );
  });

  test("given bars that are open where the market begins, then they hold what came before too", async () => {
    const bus = await aBus();
    await enable(bus, "one");
    await run(bus, market({ start: "2026-01-05T15:58:30Z" }));
    const first = await eventually(async () => candlesIn(await subject(bus, "4h")).find(({ origin }) => origin !== "warmup"));
    const hours = candlesIn(await subject(bus, "1h")).filter(({ openTime }) => openTime >= first.openTime && openTime < first.closeTime);
    expect(hours).toHaveLength(4);
    expect([first.open, first.close]).toEqual([hours[0]!.open, hours[3]!.close]);
    expect(first.high).toBe(Math.max(...hours.map(({ high }) => high)));
  });

  test("given a share, then a night is no gap: the session begins after the warm-up of the one before", async () => {
    const bus = await aBus();
    await enable(bus, "shares", {
      variants: { broker: "alpaca", strategy: "momentum", mode: "paper", asset_class: "stocks" },
      trading_symbols: ["AAPL"],
    });
    await run(bus, market({ start: "2026-01-06T14:29:30Z" }));
    await eventually(async () => live(candlesIn(await subject(bus, "1m", "AAPL", "alpaca"))).length > 2);
    for (const timeframe of timeframes) {
      const events = await subject(bus, timeframe, "AAPL", "alpaca");
      expect(
        events.filter(({ type }) => type !== "candle"),
        timeframe,
      ).toEqual([]);
      expect(
        candlesIn(events).filter(({ origin }) => origin === "warmup"),
        timeframe,
      ).toHaveLength(WARM);
    }
    const seconds = candlesIn(await subject(bus, "1s", "AAPL", "alpaca"));
    const first = seconds.findIndex(({ origin }) => origin === "live");
    expect([seconds[first - 1]!.closeTime, seconds[first]!.openTime]).toEqual([
      Date.parse("2026-01-05T21:00Z"),
      Date.parse("2026-01-06T14:30Z"),
    ]);
  });

  test("given stops and starts, then one market: nothing lost, nothing doubled, the same as without", async () => {
    const file = join(tempDir(), "bus.sqlite");
    for (let part = 1; part <= 3; part++) {
      const bus = await openEmbeddedBus(file, { duplicateWindowMs: 1 });
      await enable(bus, "one");
      const service = await start(bus, market());
      const before = candlesIn(await subject(bus, "1m")).length;
      await eventually(async () => candlesIn(await subject(bus, "1m")).length >= before + 6);
      await service.stop();
      await bus.close();
    }
    const bus = await aBus(file);
    const seconds = candlesIn(await subject(bus, "1s"));
    for (const timeframe of timeframes) expect(holes(await subject(bus, timeframe), timeframe), timeframe).toEqual([]);
    const made = byHand(
      seconds.filter(({ openTime }) => openTime >= BEGIN),
      "1s",
    );
    for (const timeframe of ["1m", "5m"] as const) {
      const after = candlesIn(await subject(bus, timeframe)).filter(({ closeTime }) => closeTime > BEGIN);
      expect(after, timeframe).toEqual(made.get(timeframe));
    }
  });

  test.each([
    [3, "before"],
    [150, "after"],
    [275, "after"],
    [700, "before"],
    [1_200, "after"],
  ] as const)("given a kill at append %i, %s it is done, then the next one makes it whole", async (n, when) => {
    const bus = await aBus();
    await enable(bus, "one");
    const doomed = mortal(bus);
    doomed.dieAtAppend(n, when);
    await start(doomed.bus, market({ speed: 2_000 }), "first");
    await eventually(() => doomed.dead());
    await bury(bus);
    await run(bus, market({ speed: 2_000 }), "second");
    await eventually(async () => candlesIn(await subject(bus, "1m")).some(({ closeTime }) => closeTime >= BEGIN + 1_200_000));
    for (const timeframe of timeframes) {
      const events = await subject(bus, timeframe);
      expect(holes(events, timeframe), timeframe).toEqual([]);
      expect(candlesIn(events).filter(({ origin }) => origin === "warmup").length, timeframe).toBeGreaterThanOrEqual(WARM);
    }
    // The market goes on meanwhile, so the seconds are read last.
    const after = candlesIn(await subject(bus, "5m")).filter(({ closeTime }) => closeTime > BEGIN);
    const seconds = candlesIn(await subject(bus, "1s")).filter(({ openTime }) => openTime >= BEGIN);
    const strip = ({ origin: _, ...bar }: Candle) => bar;
    expect(after.map(strip)).toEqual(byHand(seconds, "1s").get("5m")!.slice(0, after.length).map(strip));
  });

  test("given two instances, then one time, and each instrument from one of them", async () => {
    const bus = await aBus();
    await enable(bus, "two", { trading_symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT"] });
    await Promise.all([run(bus, market(), "a"), run(bus, market(), "b")]);
    await eventually(async () => {
      const [btc, eth] = [await subject(bus, "1m"), await subject(bus, "1m", "ETH-USDT-PERP")];
      return live(candlesIn(btc)).length > 3 && live(candlesIn(eth)).length > 3;
    });
    expect(await clockOf(bus)).toMatchObject({ marketMs: BEGIN, speed: 300 });
    for (const instrument of [PERP, "ETH-USDT-PERP"]) expect(holes(await subject(bus, "1s", instrument), "1s")).toEqual([]);
  });

  test("given a long outage, then the market has stood still and goes on where it was", async () => {
    const bus = await aBus();
    await enable(bus, "one");
    const first = await start(bus, market());
    await eventually(async () => live(candlesIn(await subject(bus, "1m"))).length > 2);
    await first.stop();
    const last = candlesIn(await subject(bus, "1s")).at(-1)!;
    await longAgo(bus, 3_600_000);
    const second = await run(bus, market());
    await eventually(async () => candlesIn(await subject(bus, "1s")).at(-1)!.closeTime > last.closeTime + 60_000);
    const next = candlesIn(await subject(bus, "1s")).find(({ openTime }) => openTime >= last.closeTime)!;
    expect([next.openTime, next.origin]).toEqual([last.closeTime, "live"]);
    expect(holes(await subject(bus, "1s"), "1s")).toEqual([]);
    expect(notes(second)).toEqual([expect.stringMatching(/stood still for 36\d\d s/)]);
  });

  test("given a short outage, then it is caught up with, what is old as backfill", async () => {
    const bus = await aBus();
    await enable(bus, "one");
    const first = await start(bus, market());
    await eventually(async () => live(candlesIn(await subject(bus, "1m"))).length > 2);
    await first.stop();
    const last = candlesIn(await subject(bus, "1s")).at(-1)!;
    await longAgo(bus, 20_000);
    await run(bus, market());
    await eventually(async () =>
      candlesIn(await subject(bus, "1s")).some(({ openTime, origin }) => openTime > last.openTime && origin === "live"),
    );
    const seconds = candlesIn(await subject(bus, "1s"));
    expect(seconds.filter(({ origin }) => origin === "backfill").length).toBeGreaterThan(3_000);
    expect(holes(await subject(bus, "1s"), "1s")).toEqual([]);
  });

  test("given a variant enabled in a running market, then its instrument comes warm, and then live", async () => {
    const bus = await aBus();
    await enable(bus, "one");
    await run(bus, market());
    await eventually(async () => live(candlesIn(await subject(bus, "1m"))).length > 1);
    await enable(bus, "two", { trading_symbols: ["SOL/USDT:USDT"] });
    await eventually(async () => live(candlesIn(await subject(bus, "1m", "SOL-USDT-PERP"))).length > 1);
    const events = await subject(bus, "1m", "SOL-USDT-PERP");
    expect(candlesIn(events).filter(({ origin }) => origin === "warmup")).toHaveLength(WARM);
    expect(holes(events, "1m")).toEqual([]);
  });

  test("given another speed after a restart, then time goes on from where it was, that fast", async () => {
    const bus = await aBus();
    await enable(bus, "one");
    const first = await start(bus, market());
    await eventually(async () => live(candlesIn(await subject(bus, "1m"))).length > 1);
    await first.stop();
    await run(bus, market({ speed: 60 }));
    const setting = await eventually(async () => {
      const now = await clockOf(bus);
      return now?.speed === 60 && now;
    });
    expect(setting.marketMs).toBeGreaterThan(BEGIN);
    expect(holes(await subject(bus, "1s"), "1s")).toEqual([]);
  });

  test("given candles are kept, then the store has what the bus had when it ends", async () => {
    const dir = tempDir();
    const bus = await aBus();
    await enable(bus, "one");
    const config = settings({ run: { clock: "wall" }, market: { speed: 300, warmup_bars: WARM }, data: { dir } });
    const service = await start(bus, config);
    await eventually(async () => live(candlesIn(await subject(bus, "1m"))).length > 2);
    await service.stop();
    const last = candlesIn(await subject(bus, "1m")).at(-1)!;
    const kept = () =>
      openCandleStore(join(dir, "simulated", "seed-1")).read({ venue: "bybit", instrument: PERP, timeframe: "1m" }, { to: last.closeTime });
    // What was published in the last moment is written after the next start.
    await eventually(async () => {
      await (await start(bus, config)).stop();
      return (await kept()).closeTime.at(-1) === last.closeTime;
    });
    const columns = await kept();
    expect([...columns.close]).toEqual(
      candlesIn(await subject(bus, "1m"))
        .filter(({ openTime }) => openTime < last.closeTime)
        .map(({ close }) => close),
    );
  });

  test("given a store that cannot be written, then one note, and the market goes on", async () => {
    const dir = join(tempDir(), "data");
    writeFileSync(dir, "a file where the folder should be");
    const bus = await aBus();
    await enable(bus, "one");
    const service = await start(bus, settings({ run: { clock: "wall" }, market: { speed: 4_000, warmup_bars: 5 }, data: { dir } }));
    await eventually(() => notes(service).some((note) => /candles of BTC-USDT-PERP at bybit are not written to the store/.test(note)));
    const length = (await subject(bus, "1m")).length;
    await eventually(async () => (await subject(bus, "1m")).length > length + 10);
    expect(notes(service)).toHaveLength(1);
    await service.stop();
  });
});

/** As if the market had been left alone for so long. */
async function longAgo(bus: Bus, ms: number): Promise<void> {
  const beat = await bus.kv("checkpoints").get("market-data.clock");
  const clock = await bus.kv("run").get("clock");
  const said = JSON.parse(beat!.value) as { wallMs: number; since: number };
  const setting = JSON.parse(clock!.value) as ClockSetting;
  await bus.kv("checkpoints").put("market-data.clock", JSON.stringify({ ...said, wallMs: said.wallMs - ms, since: said.since - ms }));
  await bus.kv("run").put("clock", JSON.stringify({ ...setting, wallMs: setting.wallMs - ms }));
}

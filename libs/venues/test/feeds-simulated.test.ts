import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  aggregationChain,
  calendarNamed,
  createStrategyMachine,
  parseFixed,
  findStrategy,
  timeframeMs,
  toNumber,
  type Calendar,
  type Candle,
  type Instrument,
  type Timeframe,
} from "@tradewind/core";
import { createFeed, type FeedClock, type FeedSeries } from "../src/index.ts";
import { moodOf } from "../src/feeds/simulated/regime.ts";

const crypto = calendarNamed("crypto-24-7");
const shares = calendarNamed("us-regular");
const DAY_MS = 86_400_000;
const at = Date.parse("2026-01-05T14:00:00Z");

function instrument(id: string, base: string, quote: string, tick: string, over: Partial<Instrument> = {}): Instrument {
  const zero = parseFixed("0");
  return {
    id,
    symbol: id,
    venue: "bybit",
    assetClass: "crypto",
    kind: "spot",
    base,
    quote,
    settle: quote,
    tick: parseFixed(tick),
    step: parseFixed("0.001"),
    minQty: zero,
    minNotional: zero,
    multiplier: parseFixed("1"),
    makerFee: zero,
    takerFee: zero,
    feeIn: "settle",
    maxLeverage: 1,
    initialMargin: parseFixed("1"),
    maintenanceMargin: zero,
    calendar: "crypto-24-7",
    ...over,
  } as Instrument;
}

const btc = instrument("BTC-USDT", "BTC", "USDT", "0.1");
const apple = instrument("AAPL", "AAPL", "USD", "0.01", { assetClass: "stocks", calendar: "us-regular" });
const cross = instrument("ETH-BTC", "ETH", "BTC", "0.00001");
const some = instrument("DOGE-USDT", "DOGE", "USDT", "0.00000001");
const all = [btc, apple, cross, some];

/** A market that is at one moment; waiting is for ever. */
const still = (now: number): FeedClock => ({ now: () => now, at: () => ({ stop: () => undefined }), speed: () => 1 });

function open(seed: number, of: Instrument, now = at): Promise<FeedSeries> {
  const columnsOf = () => Promise.reject(new Error("no recording is asked for"));
  return createFeed("simulated", { seed, clock: still(now), columnsOf, pace: undefined }).open("bybit", of, calendarNamed(of.calendar));
}

const history = async (seed: number, of: Instrument, timeframe: Timeframe, from: number, to: number): Promise<readonly Candle[]> =>
  (await open(seed, of)).history(timeframe, from, to);

/** What the stream gives from a moment up to the market's time. */
async function streamed(seed: number, of: Instrument, from: number, to: number): Promise<Candle[]> {
  const series = await open(seed, of, to);
  const stop = new AbortController();
  const candles: Candle[] = [];
  const last = calendarNamed(of.calendar);
  for await (const batch of series.stream(from, stop.signal)) {
    for (const event of batch) if (event.type === "candle") candles.push(event.candle);
    if (last.nextBar("1s", candles.at(-1)!.closeTime).closeTime > to) stop.abort();
  }
  return candles;
}

describe("the simulated market", () => {
  test("given one seed, then the same candles, wherever one starts and in whatever order they are asked for", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1000),
        fc.constantFrom(...all),
        fc.nat(3_000),
        fc.constantFrom<Timeframe>("1s", "1m", "15m", "4h", "1d"),
        async (seed, of, minutes, timeframe) => {
          const from = at + minutes * 60_000;
          const length = Math.max(900_000, 3 * timeframeMs(timeframe));
          const later = await open(seed, of);
          const piece = await later.history(timeframe, from + length / 3, from + length);
          const whole = await history(seed, of, timeframe, from, from + length);
          expect(whole.filter((candle) => candle.openTime >= from + length / 3)).toEqual(piece);
          expect(await later.history(timeframe, from, from + length)).toEqual(whole);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("given another seed, then another market", async () => {
    expect(await history(1, btc, "1m", at, at + 600_000)).not.toEqual(await history(2, btc, "1m", at, at + 600_000));
  });

  test("given a stop anywhere, then the stream goes on as if there had been none", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(100), fc.integer({ min: 1, max: 599 }), async (seed, cut) => {
        const end = at + 600_000;
        const whole = await streamed(seed, btc, at, end);
        expect(whole).toHaveLength(600);
        const first = await streamed(seed, btc, at, at + cut * 1000);
        expect([...first, ...(await streamed(seed, btc, at + cut * 1000, end))]).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  test.each(all)("given $id, then every bar is sound, on its tick and without holes", async (of) => {
    const inverse = 1 / toNumber(of.tick);
    for (const timeframe of ["1s", "1m", "1h", "1d"] as const) {
      const candles = await history(3, of, timeframe, at, at + Math.max(7_200_000, 20 * timeframeMs(timeframe)));
      expect(candles.length).toBeGreaterThan(6);
      for (const [i, { open, high, low, close, volume, openTime, closeTime }] of candles.entries()) {
        expect(high).toBeGreaterThanOrEqual(Math.max(open, close));
        expect(low).toBeLessThanOrEqual(Math.min(open, close));
        expect(low).toBeGreaterThan(0);
        expect(volume).toBeGreaterThanOrEqual(0);
        for (const price of [open, high, low, close]) expect(Math.abs(price * inverse - Math.round(price * inverse))).toBeLessThan(1e-3);
        const { calendar } = of;
        expect(calendarNamed(calendar).bar(timeframe, openTime)).toEqual({ openTime, closeTime });
        const before = candles[i - 1];
        if (before?.closeTime === openTime) expect(open).toBe(before.close);
        if (before !== undefined) expect(calendarNamed(calendar).countBars(timeframe, before.closeTime, openTime)).toBe(0);
      }
    }
  });

  test("given minutes made of seconds, then they are the minutes of the history; coarser bars have their opens and closes", async () => {
    const from = at;
    const seconds = await history(5, btc, "1s", from, from + 8 * 3_600_000);
    const chain = aggregationChain(crypto, "1s", "4h");
    const made = seconds.flatMap((candle) => chain.update(candle));
    const of = (timeframe: Timeframe) => made.filter((candle) => candle.timeframe === timeframe);
    expect(of("1m")).toEqual(await history(5, btc, "1m", from, from + 8 * 3_600_000));
    const ends = ({ openTime, open, close }: Candle) => [openTime, open, close];
    for (const timeframe of ["5m", "1h"] as const)
      expect(of(timeframe).map(ends)).toEqual((await history(5, btc, timeframe, from, from + 8 * 3_600_000)).map(ends));
    const [whole] = await history(5, btc, "4h", from, from + 8 * 3_600_000);
    expect(of("4h").map(ends)).toContainEqual(ends(whole!));
  });

  test("given a share, then it trades in its sessions only", async () => {
    const from = Date.parse("2026-01-09T20:59:00Z");
    const candles = await streamed(1, apple, from, Date.parse("2026-01-12T14:31:00Z"));
    expect(candles).toHaveLength(120);
    expect(candles.every((candle) => shares.isOpen(candle.openTime))).toBe(true);
  });

  test("given a few days, then every regime has been there, and a crash falls", async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const hours = Array.from({ length: 96 }, (_, i) => Math.floor(at / 3_600_000) + i);
      const regimes = hours.map((hour) => moodOf(seed, "BTC", hour).regime);
      expect(new Set(regimes), `seed ${seed}`).toEqual(new Set(["trend", "range", "crash", "quiet"]));
      const crash = hours[regimes.indexOf("crash")]! * 3_600_000;
      const [bar] = await history(seed, btc, "1h", crash, crash + 3_600_000);
      expect(bar!.low / bar!.open - 1, `seed ${seed}`).toBeLessThan(-0.015);
    }
  });

  test("given years, then the level holds", async () => {
    const days = await history(1, btc, "1d", at - 1000 * DAY_MS, at);
    const closes = days.map((day) => day.close).sort((a, b) => a - b);
    expect(closes[500]).toBeGreaterThan(30_000);
    expect(closes[500]).toBeLessThan(120_000);
    expect(closes[0]).toBeGreaterThan(10_000);
    expect(closes.at(-1)).toBeLessThan(300_000);
  });

  test("given assets of one market, then they move together a little, and contracts of one asset alike", async () => {
    const [a, b] = await Promise.all([btc, some].map((of) => history(1, of, "1h", at - 60 * DAY_MS, at)));
    const correlation = correlate(returnsOf(a!), returnsOf(b!));
    expect(correlation).toBeGreaterThan(0.1);
    expect(correlation).toBeLessThan(0.95);
    const perpetual = instrument("BTC-USDT-PERP", "BTC", "USDT", "0.1", { kind: "linear", venue: "okx" });
    const strip = ({ instrument: _, ...bar }: Candle) => bar;
    expect((await history(1, perpetual, "1m", at, at + 600_000)).map(strip)).toEqual(
      (await history(1, btc, "1m", at, at + 600_000)).map(strip),
    );
  });

  test.each(["momentum", "rsi"])("given 1m bars of a day, then %s speaks twice an hour and more, in both directions", async (name) => {
    for (const seed of [1, 2, 3]) {
      const candles = await history(seed, btc, "1m", at, at + DAY_MS);
      const counts = signals(name, candles, crypto);
      expect(counts["BUY"]! + counts["SELL"]!, `seed ${seed}`).toBeGreaterThan(48);
      expect(Math.min(counts["BUY"]!, counts["SELL"]!), `seed ${seed}`).toBeGreaterThan(18);
    }
  });
});

function signals(name: string, candles: readonly Candle[], calendar: Calendar): Record<string, number> {
  const definition = findStrategy(name);
  const parameters = Object.fromEntries(Object.entries(definition.parameters).map(([key, spec]) => [key, spec.default]));
  const machine = createStrategyMachine({ source: name, kind: "strategy", name, parameters, weight: 1 }, definition, "BTC-USDT", calendar);
  const counts: Record<string, number> = { BUY: 0, SELL: 0, HOLD: 0 };
  for (const candle of candles) {
    const said = machine.onCandle(candle);
    if ("action" in said) counts[said.action]!++;
  }
  return counts;
}

const returnsOf = (candles: readonly Candle[]): number[] => candles.map(({ open, close }) => Math.log(close / open));

function correlate(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]) => x.reduce((sum, one) => sum + one, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f: (i: number) => number) => a.reduce((total, _, i) => total + f(i), 0);
  const cov = sum((i) => (a[i]! - ma) * (b[i]! - mb));
  return cov / Math.sqrt(sum((i) => (a[i]! - ma) ** 2) * sum((i) => (b[i]! - mb) ** 2));
}

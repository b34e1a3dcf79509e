import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Candle } from "../src/domain/candle.ts";
import { timeframeMs, timeframeNames, type Timeframe } from "../src/domain/timeframe.ts";
import { aggregateColumns, aggregator } from "../src/market/aggregate.ts";
import { aggregationChain, aggregationSteps } from "../src/market/aggregate-chain.ts";
import type { Calendar } from "../src/market/calendar.ts";
import { crypto247 } from "../src/market/calendars/crypto-24-7.ts";
import { calendarNamed, calendarNames } from "../src/market/calendars/registry.ts";
import { usExtended } from "../src/market/calendars/us-extended.ts";
import { usRegular } from "../src/market/calendars/us-regular.ts";
import { candleOn, somePath, toColumns } from "./market-candles.ts";

const calendars = calendarNames.map(calendarNamed);
const pairs = timeframeNames.flatMap((fine, i) => timeframeNames.slice(i + 1).map((coarse) => [fine, coarse] as const));
const someChain = fc
  .constantFrom(...calendars.flatMap((calendar) => pairs.map(([from, to]) => ({ calendar, from, to }))))
  .filter(({ calendar, from, to }) => calendar.nests(from, to))
  .chain((one) => fc.record({ ...constants(one), path: somePath(one.calendar, one.from, 200) }));

function constants<T extends object>(value: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fc.constant(part as unknown)])) as {
    [K in keyof T]: fc.Arbitrary<T[K]>;
  };
}

function given(calendar: Calendar, from: Timeframe, to: Timeframe, path: readonly Candle[]): Candle[] {
  const chain = aggregationChain(calendar, from, to);
  return path.flatMap((candle) => chain.update(candle));
}

const only = (candles: readonly Candle[], timeframe: Timeframe): Candle[] => candles.filter((candle) => candle.timeframe === timeframe);

describe("the chain of aggregation", () => {
  it("builds each timeframe from the coarsest finer one that nests in it", () => {
    const ladder = (calendar: Calendar, from: Timeframe) =>
      aggregationSteps(calendar, from, "1d").map((step) => `${step.source}>${step.timeframe}`);
    expect(ladder(crypto247, "1s")).toEqual(["1s>1m", "1m>5m", "5m>15m", "15m>1h", "1h>4h", "4h>1d"]);
    expect(ladder(usRegular, "1m")).toEqual(["1m>5m", "5m>15m", "15m>1h", "1h>4h", "4h>1d"]);
    expect(ladder(usExtended, "1m")).toEqual(["1m>5m", "5m>15m", "15m>1h", "1h>4h", "15m>1d"]);
  });

  it("is right about what nests, over every bar of a year", () => {
    const [from, to] = [Date.parse("2024-01-01"), Date.parse("2025-01-01")];
    for (const calendar of calendars)
      for (const [fine, coarse] of pairs.filter(([fine]) => timeframeMs(fine) >= timeframeMs("15m"))) {
        let nests = true;
        for (let bar = calendar.nextBar(fine, from); bar.openTime < to; bar = calendar.nextBar(fine, bar.closeTime)) {
          const over = calendar.bar(coarse, bar.openTime) ?? calendar.bar(coarse, bar.closeTime - 1);
          if (over && (over.openTime > bar.openTime || over.closeTime < bar.closeTime)) nests = false;
        }
        expect([calendar.name, fine, coarse, calendar.nests(fine, coarse)]).toEqual([calendar.name, fine, coarse, nests]);
      }
  });

  it("gives what its steps give one after the other over columns, to the byte", () => {
    fc.assert(
      fc.property(someChain, ({ calendar, from, to, path }) => {
        const columns = new Map([[from, toColumns(path, from)]]);
        const seen = given(calendar, from, to, path);
        const end = path.at(-1)?.closeTime ?? 0;
        for (const { timeframe, source } of aggregationSteps(calendar, from, to)) {
          columns.set(timeframe, aggregateColumns(columns.get(source)!, calendar, timeframe));
          // Columns cannot tell that time has passed a bar whose end had no candles; the chain can.
          const silent = only(seen, timeframe).filter((bar) => bar.closeTime <= end);
          expect(toColumns(silent.slice(0, columns.get(timeframe)!.length), timeframe)).toEqual(columns.get(timeframe));
        }
      }),
    );
  });

  it("closes the same bars at the same candle as building them directly does", () => {
    fc.assert(
      fc.property(someChain, ({ calendar, from, to, path }) => {
        const chain = aggregationChain(calendar, from, to);
        const direct = aggregator(calendar, to);
        for (const candle of path) {
          const bars = only(chain.update(candle), to);
          const expected = direct.update(candle);
          expect(bars.map(({ volume: _, ...bar }) => bar)).toEqual(expected.map(({ volume: _, ...bar }) => bar));
          bars.forEach((bar, i) => expect(bar.volume).toBeCloseTo(expected[i]!.volume, 6));
        }
      }),
    );
  });

  it("gives the same whichever timeframe of it one starts from", () => {
    fc.assert(
      fc.property(somePath(crypto247, "1m", 1500), fc.constantFrom<Timeframe>("5m", "15m", "1h"), (path, middle) => {
        const whole = given(crypto247, "1m", "4h", path);
        const rest = given(crypto247, middle, "4h", only(whole, middle));
        // A bar left open by a silent end comes a little later where only coarser candles tell the time.
        const bars = only(whole, "4h");
        expect(only(rest, "4h")).toEqual(bars.slice(0, only(rest, "4h").length));
        expect(bars.length - only(rest, "4h").length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("goes on from a snapshot as if never stopped", () => {
    fc.assert(
      fc.property(someChain, fc.nat(), ({ calendar, from, to, path }, cut) => {
        const at = cut % (path.length + 1);
        const first = aggregationChain(calendar, from, to);
        const before = path.slice(0, at).flatMap((candle) => first.update(candle));
        const second = aggregationChain(calendar, from, to);
        second.restore(JSON.parse(JSON.stringify(first.snapshot())));
        expect([...before, ...path.slice(at).flatMap((candle) => second.update(candle))]).toEqual(given(calendar, from, to, path));
      }),
    );
  });

  it("takes history that is known no finer into the bars it belongs to", () => {
    fc.assert(
      fc.property(somePath(crypto247, "1m", 600), fc.nat(), (path, cut) => {
        const at = cut % path.length;
        const past = path.slice(0, at);
        const chain = aggregationChain(crypto247, "1m", "4h");
        // What is over of each timeframe goes in at that timeframe, the coarsest first.
        const closed = [...past, ...given(crypto247, "1m", "1h", past)];
        for (const timeframe of ["1h", "15m", "5m", "1m"] as const) {
          const after = (time: number) => closed.some((bar) => timeframeMs(bar.timeframe) > timeframeMs(timeframe) && bar.closeTime > time);
          for (const bar of only(closed, timeframe)) if (!after(bar.openTime)) chain.update(bar);
        }
        const rest = path.slice(at).flatMap((candle) => chain.update(candle));
        const whole = aggregationChain(crypto247, "1m", "4h");
        for (const candle of past) whole.update(candle);
        expect(only(rest, "4h").map(({ volume: _, ...bar }) => bar)).toEqual(
          only(
            path.slice(at).flatMap((candle) => whole.update(candle)),
            "4h",
          ).map(({ volume: _, ...bar }) => bar),
        );
      }),
    );
  });

  describe("given hours on a clock of their own, from half to half", () => {
    const half = Date.parse("2024-06-03T13:30:00Z");
    const hours = [0, 1, 2, 3, 4, 5, 6].map((n) =>
      candleOn({ openTime: half + n * 3_600_000, closeTime: Math.min(half + (n + 1) * 3_600_000, half + 6.5 * 3_600_000) }, "1h", n + 1),
    );

    it("passes over the timeframe they straddle and still builds the day, all of it", () => {
      const day = given(usRegular, "1h", "1d", hours);
      expect(day.map((bar) => [bar.timeframe, bar.openTime, bar.open, bar.close])).toEqual([["1d", half, hours[0]!.open, hours[6]!.close]]);
      expect(day[0]!.volume).toBeCloseTo(
        hours.reduce((sum, hour) => sum + hour.volume, 0),
        9,
      );
    });

    it("goes on so after a snapshot", () => {
      const first = aggregationChain(usRegular, "1h", "1d");
      for (const hour of hours.slice(0, 5)) first.update(hour);
      const second = aggregationChain(usRegular, "1h", "1d");
      second.restore(JSON.parse(JSON.stringify(first.snapshot())));
      expect(hours.slice(5).flatMap((hour) => second.update(hour))).toEqual(given(usRegular, "1h", "1d", hours));
    });

    it("refuses them when the straddled timeframe is the wanted one, or tells it to who asks", () => {
      expect(() => given(usRegular, "1h", "4h", hours)).toThrow(/TEST.*build 4h from a finer timeframe/);
      const told: string[] = [];
      const chain = aggregationChain(usRegular, "1h", "4h", (timeframe, problem) => told.push(`${timeframe} ${problem.code}`));
      expect(hours.flatMap((hour) => chain.update(hour))).toEqual([]);
      expect(told).toEqual(["4h AGGREGATE_STRADDLES"]);
    });
  });
});

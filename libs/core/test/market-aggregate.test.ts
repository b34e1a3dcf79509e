import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Candle } from "../src/domain/candle.ts";
import { timeframeMs, timeframeNames, type Timeframe } from "../src/domain/timeframe.ts";
import { aggregateColumns, aggregator } from "../src/market/aggregate.ts";
import { crypto247 } from "../src/market/calendars/crypto-24-7.ts";
import { calendarNamed, calendarNames } from "../src/market/calendars/registry.ts";
import { usExtended } from "../src/market/calendars/us-extended.ts";
import { usRegular } from "../src/market/calendars/us-regular.ts";
import { candleOn, somePath, toColumns } from "./market-candles.ts";

const pairs = timeframeNames.flatMap((fine) =>
  timeframeNames.filter((coarse) => timeframeMs(coarse) > timeframeMs(fine)).map((coarse) => [fine, coarse] as const),
);
/** Calendars with the pairs whose bars nest in them. */
const cases = calendarNames
  .map(calendarNamed)
  .flatMap((calendar) =>
    pairs
      .filter(([fine, coarse]) => calendar !== usExtended || coarse !== "1d" || timeframeMs(fine) < timeframeMs("1h"))
      .map((pair) => ({ calendar, pair })),
  );
const someCase = fc.constantFrom(...cases).chain(({ calendar, pair: [fine, coarse] }) =>
  fc.record({
    calendar: fc.constant(calendar),
    fine: fc.constant(fine),
    coarse: fc.constant(coarse),
    path: somePath(calendar, fine, 150),
  }),
);

function stream(path: readonly Candle[], coarse: Timeframe, calendar = crypto247): Candle[] {
  const machine = aggregator(calendar, coarse);
  return path.flatMap((candle) => machine.update(candle));
}

describe("aggregation", () => {
  it("gives the same bytes streaming and over columns", () => {
    fc.assert(
      fc.property(someCase, ({ calendar, fine, coarse, path }) => {
        expect(aggregateColumns(toColumns(path, fine), calendar, coarse)).toEqual(toColumns(stream(path, coarse, calendar), coarse));
      }),
    );
  });

  it("holds exactly the finer candles of its span, and none that closes later", () => {
    fc.assert(
      fc.property(someCase, ({ calendar, coarse, path }) => {
        for (const bar of stream(path, coarse, calendar)) {
          const parts = path.filter((candle) => candle.openTime >= bar.openTime && candle.closeTime <= bar.closeTime);
          expect(calendar.bar(coarse, parts[0]!.openTime)).toEqual({ openTime: bar.openTime, closeTime: bar.closeTime });
          expect([bar.open, bar.high, bar.low, bar.close]).toEqual([
            parts[0]!.open,
            Math.max(...parts.map((part) => part.high)),
            Math.min(...parts.map((part) => part.low)),
            parts.at(-1)!.close,
          ]);
          expect(bar.volume).toBe(parts.reduce((sum, part) => sum + part.volume, 0));
          expect(bar.origin).toBe(parts.at(-1)!.origin);
          expect(bar.synthetic).toBe(parts.every((part) => part.synthetic));
        }
      }),
    );
  });

  it("is out the moment its close is reached, whatever comes after", () => {
    fc.assert(
      fc.property(someCase, ({ calendar, coarse, path }) => {
        const machine = aggregator(calendar, coarse);
        const seen: Candle[] = [];
        for (const [i, candle] of path.entries()) {
          seen.push(...machine.update(candle));
          expect(seen).toEqual(stream(path.slice(0, i + 1), coarse, calendar));
          for (const bar of seen) expect(bar.closeTime).toBeLessThanOrEqual(candle.closeTime);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("goes on from a snapshot as if never stopped", () => {
    fc.assert(
      fc.property(someCase, fc.nat(), ({ calendar, coarse, path }, cut) => {
        const at = cut % (path.length + 1);
        const first = aggregator(calendar, coarse);
        const before = path.slice(0, at).flatMap((candle) => first.update(candle));
        const second = aggregator(calendar, coarse);
        second.restore(JSON.parse(JSON.stringify(first.snapshot())));
        expect([...before, ...path.slice(at).flatMap((candle) => second.update(candle))]).toEqual(stream(path, coarse, calendar));
      }),
    );
  });

  it("gives a bar left open by a silent end together with the next, or when time is told to have passed", () => {
    const minute = (n: number) => candleOn({ openTime: n * 60_000, closeTime: (n + 1) * 60_000 }, "1m", n);
    const machine = aggregator(crypto247, "5m");
    expect(machine.update(minute(3))).toEqual([]);
    expect(machine.update(minute(9)).map((bar) => bar.closeTime)).toEqual([300_000, 600_000]);
    expect(machine.update(minute(12))).toEqual([]);
    expect(machine.advance(899_999)).toEqual([]);
    expect(machine.advance(900_000).map((bar) => bar.openTime)).toEqual([600_000]);
    expect(machine.advance(900_000)).toEqual([]);
  });

  it("does not change a bar that went out: repeated, older and corrected candles are left out", () => {
    const minute = (n: number) => candleOn({ openTime: n * 60_000, closeTime: (n + 1) * 60_000 }, "1m", n);
    const machine = aggregator(crypto247, "5m");
    const out = [minute(0), minute(0), minute(4), { ...minute(2), revision: 1 }, minute(5)].flatMap((candle) => machine.update(candle));
    expect(out).toEqual(stream([minute(0), minute(4)], "5m"));
  });

  it("leaves candles outside the sessions out of the day", () => {
    const early = candleOn(usExtended.nextBar("1m", Date.parse("2024-06-03T12:00:00Z")), "1m", 1);
    const last = candleOn(usExtended.nextBar("1m", Date.parse("2024-06-03T19:59:00Z")), "1m", 2);
    const late = candleOn(usExtended.nextBar("1m", Date.parse("2024-06-03T20:00:00Z")), "1m", 3);
    expect(stream([early, last, late], "1d", usExtended).map((bar) => [bar.open, bar.volume])).toEqual([[last.open, last.volume]]);
  });

  it("refuses a candle that reaches over a bar's edge, both ways of computing", () => {
    const hour = candleOn(usExtended.nextBar("1h", Date.parse("2024-06-03T13:00:00Z")), "1h", 1);
    expect(() => stream([hour], "1d", usExtended)).toThrow(/TEST.*2024-06-03T13:00.*finer timeframe/);
    expect(() => aggregateColumns(toColumns([hour], "1h"), usExtended, "1d")).toThrow(/finer timeframe/);
    const over = { ...hour, openTime: Date.parse("2024-06-03T19:30:00Z"), closeTime: Date.parse("2024-06-03T20:30:00Z") };
    expect(() => stream([over], "1d", usRegular)).toThrow(/finer timeframe/);
  });
});

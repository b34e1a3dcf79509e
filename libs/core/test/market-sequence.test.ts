import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Candle } from "../src/domain/candle.ts";
import { crypto247 } from "../src/market/calendars/crypto-24-7.ts";
import { calendarNamed, calendarNames } from "../src/market/calendars/registry.ts";
import { sequence, type SequenceOptions, type SequenceOutput } from "../src/market/sequence.ts";
import { candleOn, somePath } from "./market-candles.ts";

const minute = (n: number, revision = 0): Candle => ({
  ...candleOn({ openTime: n * 60_000, closeTime: (n + 1) * 60_000 }, "1m", n * 3 + revision),
  revision,
  synthetic: false,
});
const options = (more: Partial<SequenceOptions> = {}): SequenceOptions => ({
  calendar: crypto247,
  timeframe: "1m",
  from: 0,
  capacity: 100,
  fillUpTo: 0,
  ...more,
});
const candles = (out: readonly SequenceOutput[]) => out.flatMap((item) => (item.type === "candle" ? [item.candle] : []));
const summary = (out: readonly SequenceOutput[]) =>
  out.map((item) =>
    item.type === "gap"
      ? `gap ${item.from / 60_000}-${item.to / 60_000} ${item.reason}`
      : `${item.type} ${item.candle.openTime / 60_000}r${item.candle.revision}`,
  );

/** Every candle of a path once or more, in any order. */
const arrivals = fc.constantFrom(...calendarNames.map(calendarNamed)).chain((calendar) =>
  somePath(calendar, "1m", 40)
    .filter((path) => path.length > 0)
    .chain((path) =>
      fc.record({
        calendar: fc.constant(calendar),
        path: fc.constant(path.map((candle) => ({ ...candle, synthetic: false }))),
        order: fc.shuffledSubarray([...path.keys(), ...path.keys()], { minLength: 0 }),
      }),
    ),
);

describe("a sequence", () => {
  it("makes the one order out of any arrival order with gaps and repetitions", () => {
    fc.assert(
      fc.property(arrivals, ({ calendar, path, order }) => {
        const machine = sequence(options({ calendar, from: path[0]!.openTime }));
        const out = order.flatMap((i) => machine.push(path[i]!));
        out.push(...machine.gap(path.at(-1)!.closeTime));
        const expected = [...new Set(order)].toSorted((a, b) => a - b).map((i) => path[i]!);
        expect(candles(out)).toEqual(expected);
        expect(out.filter((item) => item.type === "correction")).toEqual([]);
      }),
    );
  });

  it("fills declared gaps so that every bar of the calendar is there once", () => {
    fc.assert(
      fc.property(arrivals, ({ calendar, path, order }) => {
        const machine = sequence(options({ calendar, from: path[0]!.openTime, fillUpTo: 10_000 }));
        const out = [...machine.push(path[0]!), ...order.flatMap((i) => machine.push(path[i]!)), ...machine.gap(path.at(-1)!.closeTime)];
        const given = candles(out);
        expect(given.length).toBe(calendar.countBars("1m", path[0]!.openTime, path.at(-1)!.closeTime));
        for (const [i, candle] of given.entries()) {
          if (i > 0) expect(candle.openTime).toBe(calendar.nextBar("1m", given[i - 1]!.closeTime).openTime);
          if (candle.synthetic)
            expect([candle.open, candle.high, candle.low, candle.close, candle.volume]).toEqual([...Array(4).fill(given[i - 1]!.close), 0]);
        }
      }),
    );
  });

  it("never goes back, however small the buffer", () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 5 }), ({ calendar, path, order }, capacity) => {
        const machine = sequence(options({ calendar, from: path[0]!.openTime, capacity }));
        const times = candles(order.flatMap((i) => machine.push(path[i]!))).map((candle) => candle.openTime);
        expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
        expect((machine.snapshot() as { waiting: unknown[] }).waiting.length).toBeLessThanOrEqual(capacity);
      }),
    );
  });

  it("goes on from a snapshot as if never stopped", () => {
    fc.assert(
      fc.property(arrivals, fc.nat(), ({ calendar, path, order }, cut) => {
        const whole = sequence(options({ calendar }));
        const all = order.flatMap((i) => whole.push(path[i]!));
        const at = cut % (order.length + 1);
        const first = sequence(options({ calendar }));
        const before = order.slice(0, at).flatMap((i) => first.push(path[i]!));
        const second = sequence(options({ calendar }));
        second.restore(JSON.parse(JSON.stringify(first.snapshot())));
        expect([...before, ...order.slice(at).flatMap((i) => second.push(path[i]!))]).toEqual(all);
      }),
    );
  });

  it("holds newer candles back until the gap is filled or declared", () => {
    const machine = sequence(options());
    expect(summary(machine.push(minute(0)))).toEqual(["candle 0r0"]);
    expect(machine.push(minute(3))).toEqual([]);
    expect(summary(machine.push(minute(1)))).toEqual(["candle 1r0"]);
    expect(summary(machine.gap(180_000))).toEqual(["gap 2-3 declared", "candle 3r0"]);
    expect(machine.settledUntil()).toBe(240_000);
  });

  it("passes corrections of given bars only when the revision is higher, and keeps the highest of those that wait", () => {
    const machine = sequence(options());
    machine.push(minute(0));
    expect(machine.push(minute(0))).toEqual([]);
    expect(summary(machine.push(minute(0, 2)))).toEqual(["correction 0r2"]);
    expect(machine.push(minute(0, 1))).toEqual([]);
    machine.push(minute(2, 1));
    machine.push(minute(2));
    expect(summary(machine.push(minute(1)))).toEqual(["candle 1r0", "candle 2r1"]);
    expect(machine.push(minute(2, 1))).toEqual([]);
  });

  it("takes the true candle of a filled or given-up bar as a correction, once", () => {
    const machine = sequence(options({ fillUpTo: 1 }));
    machine.push(minute(0));
    expect(summary(machine.gap(120_000))).toEqual(["candle 1r0"]);
    expect(summary(machine.push(minute(1)))).toEqual(["correction 1r0"]);
    expect(machine.push(minute(1))).toEqual([]);
    expect(summary(machine.gap(240_000))).toEqual(["gap 2-4 declared"]);
    expect(summary(machine.push(minute(3)))).toEqual(["correction 3r0"]);
  });

  it("gives a gap up when too many wait behind it", () => {
    const machine = sequence(options({ capacity: 2 }));
    expect([minute(2), minute(4)].flatMap((candle) => machine.push(candle))).toEqual([]);
    expect(summary(machine.push(minute(5)))).toEqual(["gap 0-2 overflow", "candle 2r0"]);
    expect(summary(machine.push(minute(3)))).toEqual(["candle 3r0", "candle 4r0", "candle 5r0"]);
  });
});

import { describe, expect, test } from "vitest";
import {
  calendarNamed,
  createBarrier,
  createPrng,
  decodeSnapshot,
  encodeSnapshot,
  type Candle,
  type Close,
  type CloseBarrier,
  type Decision,
} from "../src/index.ts";
import { decision, flat, instrument, MINUTE, plan, T0 } from "./support/builders.ts";

const two = [instrument("linear"), instrument("linear", { id: "ETH-USD-PERP", base: "ETH" })];
const fine = plan(two, { timeframe: "5m", finestTimeframe: "1m" });
const candle = (i: number, id: string): Candle => flat(i, 100, { instrument: id });
const decided = (i: number, id: string): Decision => decision(i, "HOLD", 100, { instrument: id });

/** Everything of some minutes, each subject in its order, mixed by a seed. */
function events(minutes: number, seed: number): ((barrier: CloseBarrier) => void)[] {
  const prng = createPrng(seed);
  const lists = two.flatMap(({ id }) => {
    const minute = Array.from({ length: minutes }, (_, i) => i);
    return [
      minute.map((i) => (barrier: CloseBarrier) => barrier.candle(candle(i, id))),
      minute.filter((i) => i % 5 === 4).map((i) => (barrier: CloseBarrier) => barrier.decision(decided(i, id))),
    ];
  });
  const out: ((barrier: CloseBarrier) => void)[] = [];
  for (;;) {
    const open = lists.filter((list) => list.length > 0);
    if (open.length === 0) return out;
    out.push(open[prng.below(open.length)]!.shift()!);
  }
}

function takeAll(barrier: CloseBarrier): Close[] {
  const closes: Close[] = [];
  for (let close = barrier.take(); close !== undefined; close = barrier.take()) closes.push(close);
  return closes;
}

describe("given a close barrier", () => {
  test.each([1, 2, 3])("seed %i: saved and restored after every event it releases the same closes", (seed) => {
    const whole = createBarrier(fine, calendarNamed);
    let saved = createBarrier(fine, calendarNamed);
    const expected: Close[] = [];
    const given: Close[] = [];
    for (const event of events(23, seed)) {
      event(whole);
      expected.push(...takeAll(whole));
      event(saved);
      given.push(...takeAll(saved));
      const text = encodeSnapshot(saved.snapshot());
      saved = createBarrier(fine, calendarNamed);
      saved.restore(decodeSnapshot(text));
    }
    expect(expected).toHaveLength(23);
    expect(given).toEqual(expected);
    expect(saved.waiting()).toBe(0);
  });

  test("that begins at a time neither releases nor waits for what closes by then", () => {
    const barrier = createBarrier(fine, calendarNamed, T0 + 5 * MINUTE);
    for (let i = 0; i < 7; i++) for (const { id } of two) barrier.candle(candle(i, id));
    barrier.decision(decided(4, two[0]!.id));
    expect(takeAll(barrier).map(({ time, decisions }) => [(time - T0) / MINUTE, decisions.length])).toEqual([
      [6, 0],
      [7, 0],
    ]);
    // The bar that the earlier candles began is decided on all the same.
    for (let i = 7; i < 10; i++) for (const { id } of two) barrier.candle(candle(i, id));
    expect(takeAll(barrier)).toHaveLength(2);
    for (const { id } of two) barrier.decision(decided(9, id));
    expect(takeAll(barrier)[0]?.decisions).toHaveLength(2);
  });
});

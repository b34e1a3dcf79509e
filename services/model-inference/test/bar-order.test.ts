import { describe, expect, test } from "vitest";
import { byClose, calendarNamed, createPrng, type Candle, type Timeframe } from "@tradewind/core";
import { barOrder, type Bar } from "../src/bar-order.ts";
import { walk, withCoarser } from "./support/scene.ts";

const calendar = calendarNamed("crypto-24-7");
const timeframes: readonly Timeframe[] = ["1m", "5m", "15m"];
const log = withCoarser(walk("BTC-USDT-PERP", 9, 90), "15m");
const barOf = (candle: Candle): Bar => ({ candle, cause: "" });
const named = (bars: readonly Bar[]): string[] => bars.map(({ candle }) => `${candle.timeframe}@${candle.closeTime}`);

describe("the order of a feature matrix", () => {
  test("given the log's order, when candles are taken, then each comes out once, by close, the coarser first", () => {
    const order = barOrder({ timeframes }, calendar);
    const out = log.flatMap((candle) => order.take(barOf(candle)));
    expect(named(out)).toEqual(named([...log].sort(byClose).map(barOf)));
  });

  test("given a snapshot after any candle, when another goes on from it, then the rest is the same", () => {
    const whole = barOrder({ timeframes }, calendar);
    const out = log.map((candle) => named(whole.take(barOf(candle))));
    const seed = 77;
    const prng = createPrng(seed);
    let order = barOrder({ timeframes }, calendar);
    for (const [i, candle] of log.entries()) {
      if (prng.chance(0.3)) {
        const next = barOrder({ timeframes }, calendar);
        next.restore(order.snapshot());
        order = next;
      }
      expect(named(order.take(barOf(candle))), `seed ${seed}, candle ${i}`).toEqual(out[i]);
    }
  });

  test("given candles that come again, when they are taken, then they are left out", () => {
    const order = barOrder({ timeframes }, calendar);
    const out = log.flatMap((candle) => [...order.take(barOf(candle)), ...order.take(barOf(candle))]);
    expect(out).toHaveLength(log.length);
  });

  test("given a coarser candle that never comes, when enough finer ones have come, then they go on without it", () => {
    const order = barOrder({ timeframes }, calendar);
    const missing = log.findIndex(({ timeframe }) => timeframe === "5m");
    const out = log.filter((_, i) => i !== missing).flatMap((candle) => order.take(barOf(candle)));
    expect(named(out).filter((name) => name.startsWith("1m"))).toHaveLength(90);
  });

  test("given a last candle that waits, when the coarsest data ends, then it comes out; the end of the finest alone waits on", () => {
    const order = barOrder({ timeframes }, calendar);
    const upTo = log.findIndex(({ timeframe }) => timeframe === "5m");
    for (const candle of log.slice(0, upTo)) order.take(barOf(candle));
    expect(order.finish("1m")).toEqual([]);
    expect(named(order.finish("15m"))).toEqual(named([barOf(log[upTo - 1]!)]));
  });
});

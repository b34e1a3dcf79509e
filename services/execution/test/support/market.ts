import { createPrng, type Candle, type Prng } from "@tradewind/core";

export const START = Date.UTC(2026, 0, 5);
export const MINUTE = 60_000;

/** Seeded one-minute walks of some instruments, now and then a minute without a candle; by close time, in the order given. */
export function walk(instruments: readonly string[], minutes: number, seed: number): Candle[] {
  const prng = createPrng(seed);
  const prices = instruments.map((_, i) => 100 * (i + 1));
  const candles: Candle[] = [];
  for (let minute = 0; minute < minutes; minute++)
    instruments.forEach((instrument, i) => {
      const open = prices[i]!;
      const close = cents(open * (1 + prng.normal() * 0.004 + 0.001 * Math.sin(minute / 37 + i)));
      prices[i] = close;
      if (minute > 0 && prng.chance(0.02)) return;
      candles.push(minuteOf(instrument, minute, [open, cents(Math.max(open, close) * 1.001), cents(Math.min(open, close) * 0.999), close]));
    });
  return candles;
}

/** A one-minute candle that opens `minute` minutes after `START`. */
export function minuteOf(instrument: string, minute: number, prices: readonly [number, number, number, number], from = START): Candle {
  const [open, high, low, close] = prices;
  const openTime = from + minute * MINUTE;
  return {
    instrument,
    timeframe: "1m",
    openTime,
    closeTime: openTime + MINUTE,
    open,
    high,
    low,
    close,
    volume: 1_000,
    revision: 0,
    origin: "live",
    synthetic: false,
  };
}

const cents = (price: number): number => Math.round(price * 100) / 100;

/** One list made of several, each keeping its own order. */
export function interleave<T>(lists: readonly (readonly T[])[], prng: Prng): T[] {
  const next = lists.map(() => 0);
  const out: T[] = [];
  for (;;) {
    const open = lists.flatMap((list, i) => (next[i]! < list.length ? [i] : []));
    if (open.length === 0) return out;
    const i = open[prng.below(open.length)]!;
    out.push(lists[i]![next[i]!++]!);
  }
}

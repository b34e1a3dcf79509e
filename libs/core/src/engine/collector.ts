import type { Candle } from "../domain/candle.ts";

/** All the candles of one close time that came in time, in config order. */
export interface CollectedClose {
  readonly time: number;
  readonly candles: readonly Candle[];
}

/**
 * The closes of a wall clock: finest candles arrive one by one from several instruments, and a time is released when
 * every instrument has reached it, or `graceMs` after the first candle of it came. A candle that comes later than that
 * makes a close of its own. Times of arrival are the caller's, on any steady clock.
 */
export interface CloseCollector {
  /** The next candle of its instrument, oldest first. */
  candle(candle: Candle, arrivedAt: number): void;
  /** Nothing of this instrument will come that closes at or before `time`. */
  gap(instrument: string, time: number): void;
  take(now: number): CollectedClose | undefined;
  /** When `take` gives something at the latest if nothing else comes; undefined when nothing waits. */
  dueAt(): number | undefined;
  /** Candles that came and were not taken yet. */
  waiting(): readonly Candle[];
}

interface Queue {
  readonly waiting: { readonly candle: Candle; readonly arrivedAt: number }[];
  reached: number;
}

export function createCollector(instruments: readonly string[], graceMs: number): CloseCollector {
  const queues = new Map<string, Queue>(instruments.map((id) => [id, { waiting: [], reached: -Infinity }]));
  const all = [...queues.values()];

  /** The oldest close time that waits, and who has a candle of it. */
  function next(): { time: number; due: readonly Queue[]; since: number } | undefined {
    const time = Math.min(...all.map(({ waiting }) => waiting[0]?.candle.closeTime ?? Infinity));
    if (time === Infinity) return undefined;
    const due = all.filter(({ waiting }) => waiting[0]?.candle.closeTime === time);
    return { time, due, since: Math.min(...due.map(({ waiting }) => waiting[0]!.arrivedAt)) };
  }

  return {
    candle(candle, arrivedAt) {
      const queue = queues.get(candle.instrument);
      if (queue === undefined) return;
      queue.waiting.push({ candle, arrivedAt });
      queue.reached = Math.max(queue.reached, candle.closeTime);
    },
    gap(instrument, time) {
      const queue = queues.get(instrument);
      if (queue !== undefined) queue.reached = Math.max(queue.reached, time);
    },
    take(now) {
      const found = next();
      if (found === undefined) return undefined;
      if (now < found.since + graceMs && all.some(({ reached }) => reached < found.time)) return undefined;
      return { time: found.time, candles: found.due.map(({ waiting }) => waiting.shift()!.candle) };
    },
    dueAt() {
      const found = next();
      return found && found.since + graceMs;
    },
    waiting: () => all.flatMap(({ waiting }) => waiting.map(({ candle }) => candle)),
  };
}

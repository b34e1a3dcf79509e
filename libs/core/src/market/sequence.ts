import type { Candle } from "../domain/candle.ts";
import type { Timeframe } from "../domain/timeframe.ts";
import type { BarSpan, Calendar } from "./calendar.ts";

export interface SequenceOptions {
  readonly calendar: Calendar;
  readonly timeframe: Timeframe;
  /** The first bar expected opens at or after this; left out, the first candle to come is the first. */
  readonly from?: number;
  /** Candles that may wait behind a missing one, and bars remembered for telling corrections; at least 1. */
  readonly capacity: number;
  /** A gap of up to this many bars is filled with synthetic flat candles; 0 never fills. */
  readonly fillUpTo: number;
}

/** What comes out, in order. `candle`s are monotone in open time; a `correction` is of a bar already given. */
export type SequenceOutput =
  | { readonly type: "candle"; readonly candle: Candle }
  | { readonly type: "correction"; readonly candle: Candle }
  /** Bars opening in [from, to) will not come. `overflow`: given up because too many newer ones were waiting. */
  | { readonly type: "gap"; readonly from: number; readonly to: number; readonly reason: "declared" | "overflow" };

/** Puts the candles of one instrument and timeframe, arriving in any order, into the one order that all downstream sees. */
export interface Sequence {
  /** A newer candle waits until the bars before it came or were given up; an old one is a correction or is dropped. */
  push(candle: Candle): readonly SequenceOutput[];
  /** The feed says that bars opening before `to` which have not come will not come. */
  gap(to: number): readonly SequenceOutput[];
  /** Where order has got to: every bar opening before it is settled. */
  settledUntil(): number | undefined;
  snapshot(): unknown;
  restore(state: unknown): void;
}

interface State {
  settled: number | undefined;
  last: Candle | undefined;
  /** Waiting for older ones, by open time. */
  waiting: Candle[];
  /** Open time and revision of the newest real candles given, oldest first. */
  given: (readonly [openTime: number, revision: number])[];
}

function copy(state: State): State {
  return { ...state, waiting: [...state.waiting], given: [...state.given] };
}

/** An empty bar after `previous`: nothing traded, so the price stays. */
function flatCandle(previous: Candle, span: BarSpan): Candle {
  const price = previous.close;
  return { ...previous, ...span, open: price, high: price, low: price, close: price, volume: 0, revision: 0, synthetic: true };
}

/** Adds by open time; of two candles of one bar the higher revision stays, of equal ones the first. */
function insertWaiting(waiting: Candle[], candle: Candle): void {
  let at = waiting.length;
  while (at > 0 && waiting[at - 1]!.openTime >= candle.openTime) at--;
  const same = waiting[at];
  if (same?.openTime !== candle.openTime) waiting.splice(at, 0, candle);
  else if (candle.revision > same.revision) waiting[at] = candle;
}

/**
 * Whether a candle of a settled bar says more than what was given for that bar, which it then becomes. Also true for
 * the real candle of a bar that was filled or given up. Of bars no longer remembered only revisions pass.
 */
function corrects(given: State["given"], candle: Candle, capacity: number): boolean {
  const at = given.findIndex(([openTime]) => openTime === candle.openTime);
  const forgotten = at < 0 && (given.length === 0 || candle.openTime < given[0]![0]);
  if (at >= 0 ? candle.revision <= given[at]![1] : forgotten && candle.revision === 0) return false;
  const entry = [candle.openTime, candle.revision] as const;
  if (at >= 0) given[at] = entry;
  else if (!forgotten) given.splice(given.findLastIndex(([openTime]) => openTime < candle.openTime) + 1, 0, entry);
  if (given.length > capacity) given.shift();
  return true;
}

/** A sequence with nothing given yet. */
export function sequence(options: SequenceOptions): Sequence {
  const { calendar, timeframe, capacity, fillUpTo } = options;
  let state: State = { settled: options.from, last: undefined, waiting: [], given: [] };

  function emit(candle: Candle, out: SequenceOutput[]): void {
    out.push({ type: "candle", candle });
    state.last = candle;
    state.settled = candle.closeTime;
    if (candle.synthetic) return;
    state.given.push([candle.openTime, candle.revision]);
    if (state.given.length > capacity) state.given.shift();
  }

  /** Gives every waiting candle that is next in order. */
  function drain(out: SequenceOutput[]): void {
    for (let next = state.waiting[0]; next && isNext(next.openTime); next = state.waiting[0]) {
      state.waiting.shift();
      emit(next, out);
    }
  }

  function isNext(openTime: number): boolean {
    return state.settled === undefined || openTime <= calendar.nextBar(timeframe, state.settled).openTime;
  }

  /** Gives up the missing bars that open before `to`, filling them where asked. Nothing waits before `to`. */
  function giveUp(to: number, reason: "declared" | "overflow", out: SequenceOutput[]): void {
    const from = state.settled === undefined ? to : calendar.nextBar(timeframe, state.settled).openTime;
    const missing = calendar.countBars(timeframe, from, to);
    if (missing > 0 && (missing > fillUpTo || !state.last)) out.push({ type: "gap", from, to, reason });
    else
      for (let span = calendar.nextBar(timeframe, from); span.openTime < to; span = calendar.nextBar(timeframe, span.closeTime))
        emit(flatCandle(state.last!, span), out);
    state.settled = Math.max(state.settled ?? to, to);
  }

  return {
    push(candle) {
      const out: SequenceOutput[] = [];
      if (state.settled !== undefined && candle.openTime < state.settled) {
        if (corrects(state.given, candle, capacity)) out.push({ type: "correction", candle });
        return out;
      }
      insertWaiting(state.waiting, candle);
      drain(out);
      if (state.waiting.length > capacity) {
        giveUp(state.waiting[0]!.openTime, "overflow", out);
        drain(out);
      }
      return out;
    },
    gap(to) {
      const out: SequenceOutput[] = [];
      drain(out);
      for (let next = state.waiting[0]; next && next.openTime < to; next = state.waiting[0]) {
        giveUp(next.openTime, "declared", out);
        drain(out);
      }
      if (state.settled === undefined || state.settled < to) giveUp(to, "declared", out);
      drain(out);
      return out;
    },
    settledUntil: () => state.settled,
    snapshot: () => copy(state),
    restore(saved) {
      state = copy(saved as State);
    },
  };
}

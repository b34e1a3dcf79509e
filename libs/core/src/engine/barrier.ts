import type { Candle } from "../domain/candle.ts";
import type { Decision } from "../domain/decision.ts";
import type { VariantPlan } from "../domain/plan.ts";
import { aggregationChain, type AggregationChain } from "../market/aggregate-chain.ts";
import type { Calendar } from "../market/calendar.ts";

/** All there is of one close time, in config order: what the account may now work through. */
export interface Close {
  readonly time: number;
  /** Finest candles; an instrument without one had a gap. */
  readonly candles: readonly Candle[];
  readonly decisions: readonly Decision[];
}

/**
 * The close barrier of the events clock: finest candles and decisions arrive one by one, from several subjects, and
 * a time is released when every instrument has reached it and every decision that its candles lead to is in.
 * Candles of one instrument come oldest first.
 */
export interface CloseBarrier {
  candle(candle: Candle): void;
  decision(decision: Decision): void;
  /** Nothing of this instrument will come that closes at or before `time`. */
  gap(instrument: string, time: number): void;
  /** No more candles will come at all. */
  end(): void;
  /** The next complete close, or undefined while something is missing. */
  take(): Close | undefined;
  /** Candles that wait to be taken. */
  waiting(): number;
  /** Plain data; `restore` continues from it bit for bit. */
  snapshot(): unknown;
  restore(state: unknown): void;
}

/** A finest candle and the close times of the decisions it leads to. */
interface Waiting {
  readonly candle: Candle;
  readonly deciding: readonly number[];
}

interface Queue {
  readonly instrument: string;
  /** Tells which coarser bars a finest candle closes; undefined when decisions are made on the finest itself. */
  readonly aggregate: AggregationChain | undefined;
  waiting: Waiting[];
  decisions: Map<number, Decision>;
  /** Every candle up to here has come. */
  reached: number;
}

/** What a barrier keeps of one instrument. */
interface QueueData {
  readonly aggregate: unknown;
  readonly waiting: readonly Waiting[];
  readonly decisions: readonly Decision[];
  readonly reached: number;
}

/** With `from`, candles that close at or before it only build the coarser ones: nothing is decided on them, nothing released. */
export function createBarrier(plan: VariantPlan, calendarOf: (name: string) => Calendar, from = -Infinity): CloseBarrier {
  const coarser = plan.timeframe !== plan.finestTimeframe;
  const queues: Queue[] = plan.instruments.map(({ id, calendar }) => ({
    instrument: id,
    aggregate: coarser ? aggregationChain(calendarOf(calendar), plan.finestTimeframe, plan.timeframe) : undefined,
    waiting: [],
    decisions: new Map(),
    reached: -Infinity,
  }));
  const find = (instrument: string): Queue | undefined => queues.find((queue) => queue.instrument === instrument);
  let ended = false;

  return {
    candle(candle) {
      const queue = find(candle.instrument);
      if (queue === undefined || candle.timeframe !== plan.finestTimeframe) return;
      const closed = queue.aggregate === undefined ? [candle] : queue.aggregate.update(candle);
      const deciding = closed.filter((bar) => bar.timeframe === plan.timeframe && bar.closeTime > from).map((bar) => bar.closeTime);
      if (candle.closeTime > from) queue.waiting.push({ candle, deciding });
      queue.reached = Math.max(queue.reached, candle.closeTime);
    },
    decision(decision) {
      const queue = find(decision.instrument);
      // The first decision of a close is the one that counts.
      if (queue !== undefined && decision.variant === plan.id && decision.closeTime > from && !queue.decisions.has(decision.closeTime))
        queue.decisions.set(decision.closeTime, decision);
    },
    gap(instrument, time) {
      const queue = find(instrument);
      if (queue !== undefined) queue.reached = Math.max(queue.reached, time);
    },
    end() {
      ended = true;
    },
    take: () => release(queues, ended),
    waiting: () => queues.reduce((sum, queue) => sum + queue.waiting.length, 0),
    snapshot: () => ({
      ended,
      queues: queues.map((queue): QueueData => ({
        aggregate: queue.aggregate?.snapshot(),
        waiting: [...queue.waiting],
        decisions: [...queue.decisions.values()],
        reached: queue.reached,
      })),
    }),
    restore(saved) {
      const state = saved as { ended: boolean; queues: readonly QueueData[] };
      ended = state.ended;
      state.queues.forEach((data, i) => {
        const queue = queues[i]!;
        queue.aggregate?.restore(data.aggregate);
        queue.waiting = [...data.waiting];
        queue.decisions = new Map(data.decisions.map((decision) => [decision.closeTime, decision]));
        queue.reached = data.reached;
      });
    },
  };
}

function release(queues: readonly Queue[], ended: boolean): Close | undefined {
  let time = Infinity;
  for (const queue of queues) time = Math.min(time, queue.waiting[0]?.candle.closeTime ?? Infinity);
  if (time === Infinity) return undefined;
  const due = queues.filter((queue) => queue.waiting[0]?.candle.closeTime === time);
  if (!ended && queues.some((queue) => queue.reached < time)) return undefined;
  if (!due.every((queue) => queue.waiting[0]!.deciding.every((closeTime) => queue.decisions.has(closeTime)))) return undefined;
  const candles: Candle[] = [];
  const decisions: Decision[] = [];
  for (const queue of due) {
    const { candle, deciding } = queue.waiting.shift()!;
    candles.push(candle);
    for (const closeTime of deciding) {
      decisions.push(queue.decisions.get(closeTime)!);
      queue.decisions.delete(closeTime);
    }
  }
  return { time, candles, decisions };
}

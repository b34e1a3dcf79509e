import type { Candle } from "../domain/candle.ts";
import { timeframeMs, timeframeNames, type Timeframe } from "../domain/timeframe.ts";
import { isFailure, type Failure } from "../errors.ts";
import { aggregator, type Aggregator } from "./aggregate.ts";
import type { Calendar } from "./calendar.ts";

/** Builds every coarser timeframe of one instrument, each from the next finer one, so that all who do it get the same bytes. */
export interface AggregationChain {
  /** The timeframes it gives, finest first. */
  readonly timeframes: readonly Timeframe[];
  /**
   * Takes the next candle of the finest timeframe, gives the coarser ones it closes, finer first. A candle of one of
   * its own timeframes, for history that is known no finer, goes into those built from that one. Throws
   * `AGGREGATE_STRADDLES` when it reaches over an edge of the coarsest, unless `dropped` was given.
   */
  update(candle: Candle): readonly Candle[];
  /** Time has passed and nothing older than `time` will come: gives the open bars whose close is reached. */
  advance(time: number): readonly Candle[];
  snapshot(): unknown;
  restore(state: unknown): void;
}

interface Stage {
  readonly timeframe: Timeframe;
  readonly aggregate: Aggregator;
  /** The stage it is built from; undefined for the finest candles themselves. */
  readonly source: Stage | undefined;
  /** Candles straddle its bars: what would go in goes on to those built from it. */
  dropped: boolean;
  /** What the stages built from it take in this step. */
  given: readonly Candle[];
}

const none: readonly Candle[] = [];

/** Timeframes that can be built from `from`, finest first, and the one each is built from: the coarsest finer one that nests in it. */
export function aggregationSteps(
  calendar: Calendar,
  from: Timeframe,
  to: Timeframe,
): readonly { timeframe: Timeframe; source: Timeframe }[] {
  const steps: { timeframe: Timeframe; source: Timeframe }[] = [];
  const between = timeframeNames.filter((name) => timeframeMs(name) > timeframeMs(from) && timeframeMs(name) <= timeframeMs(to));
  for (const timeframe of between) {
    const source = [from, ...steps.map((step) => step.timeframe)].findLast((finer) => calendar.nests(finer, timeframe));
    // What nests in none is still built: `from` may be on a clock of its own that fits, and else says why it does not.
    if (source !== undefined || timeframe === to) steps.push({ timeframe, source: source ?? from });
  }
  return steps;
}

/**
 * The canonical way from candles of `from` to every coarser timeframe up to `to`. A file on a clock of its own may
 * have candles that straddle the bars of a timeframe between: that one is then passed over from there on. `dropped`
 * hears of it, and gets `to` too instead of an exception.
 */
export function aggregationChain(
  calendar: Calendar,
  from: Timeframe,
  to: Timeframe,
  dropped?: (timeframe: Timeframe, problem: Failure) => void,
): AggregationChain {
  const stages: Stage[] = [];
  for (const { timeframe, source } of aggregationSteps(calendar, from, to))
    stages.push({
      timeframe,
      aggregate: aggregator(calendar, timeframe),
      source: stages.find((stage) => stage.timeframe === source),
      dropped: false,
      given: none,
    });

  /** Passes `input` through the stages and then lets time pass; adds what closed to `out`. */
  function step(input: readonly Candle[], time: number, out: Candle[] | undefined): Candle[] | undefined {
    for (const stage of stages) {
      const taken = stage.source !== undefined ? stage.source.given : input[0]?.timeframe === from ? input : none;
      if (stage.timeframe === input[0]?.timeframe) stage.given = input;
      else if (stage.dropped) stage.given = taken;
      else {
        const closed = work(stage, taken, time);
        if (closed.length > 0) (out ??= []).push(...closed);
      }
    }
    return out;
  }

  function work(stage: Stage, taken: readonly Candle[], time: number): readonly Candle[] {
    let closed = none;
    for (let i = 0; i < taken.length; i++)
      try {
        closed = joined(closed, stage.aggregate.update(taken[i]!));
      } catch (error) {
        if (!isFailure(error) || error.code !== "AGGREGATE_STRADDLES" || (dropped === undefined && stage.timeframe === to)) throw error;
        const unfinished = stage.aggregate.abandon();
        stage.dropped = true;
        stage.given = [...closed, ...(unfinished === undefined ? none : [unfinished]), ...taken.slice(i)];
        dropped?.(stage.timeframe, error);
        return closed;
      }
    stage.given = joined(closed, stage.aggregate.advance(time));
    return stage.given;
  }

  return {
    timeframes: stages.map((stage) => stage.timeframe),
    // A bar left open by a silent end goes out, all the way up, before the newer candle goes in.
    update: (candle) => step([candle], candle.closeTime, step(none, candle.openTime, undefined)) ?? none,
    advance: (time) => step(none, time, undefined) ?? none,
    snapshot: () => stages.map((stage) => ({ dropped: stage.dropped, state: stage.aggregate.snapshot() })),
    restore(saved) {
      (saved as { dropped: boolean; state: unknown }[]).forEach((one, i) => {
        const stage = stages[i]!;
        stage.dropped = one.dropped;
        stage.aggregate.restore(one.state);
      });
    },
  };
}

function joined(a: readonly Candle[], b: readonly Candle[]): readonly Candle[] {
  if (a.length === 0) return b;
  return b.length === 0 ? a : [...a, ...b];
}

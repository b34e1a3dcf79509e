import { setTimeout as pause } from "node:timers/promises";
import { timeframeMs, type Timeframe } from "@tradewind/core";
import { lineOf, type Work } from "@tradewind/kit";
import type { CandleStore } from "@tradewind/store";
import { keepCandles } from "./keeper.ts";
import type { MarketTime } from "./market-time.ts";
import { runSeries, type SeriesOptions } from "./series.ts";

export interface PartitionOptions extends Omit<SeriesOptions, "valid" | "marketStart"> {
  /** Of a market that is made here. */
  readonly time: MarketTime | undefined;
  /** Where closed candles are kept; undefined when they are not to be. */
  readonly store: CandleStore | undefined;
  readonly lost: AbortSignal;
}

const RETRY_MS = 5_000;

/** Works one instrument; a feed that cannot give it is told once and tried again, and the others go on. */
export function startPartition(options: PartitionOptions): Work {
  const own = new AbortController();
  const running = work(options, AbortSignal.any([own.signal, options.lost]));
  return {
    async stop() {
      own.abort();
      await running;
    },
  };
}

async function work(options: PartitionOptions, signal: AbortSignal): Promise<void> {
  const { context, time, lost, wanted } = options;
  if (time !== undefined && !(await time.ready(signal))) return;
  const valid = (): boolean => !lost.aborted;
  const marketStart = (): number | undefined => time?.setting().marketMs;
  let told = "";
  while (!signal.aborted) {
    try {
      const series = await options.feed.open(wanted.venue, wanted.instrument, wanted.calendar);
      tellWhatIsAmiss(options, series.base);
      await playAndKeep(options, (stop) => runSeries({ ...options, valid, marketStart }, series, stop), series.base, signal);
      // A recording that has ended keeps its lease: nobody needs to play it again.
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      return;
    } catch (error) {
      if (signal.aborted) return;
      const line = `no candles of ${wanted.instrument.id} at ${wanted.venue}: ${lineOf(error)}`;
      if (line !== told) {
        context.log.error(line);
        context.state.note(line);
      }
      told = line;
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Candles are kept for as long as they are played; what goes wrong with the playing ends both. */
async function playAndKeep(
  options: PartitionOptions,
  play: (signal: AbortSignal) => Promise<void>,
  base: Timeframe,
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const kept = keep(options, base, both);
  try {
    await play(both);
  } finally {
    ended.abort();
    await kept;
  }
}

async function keep({ context, metrics, store, wanted }: PartitionOptions, base: Timeframe, signal: AbortSignal): Promise<void> {
  if (store === undefined) return;
  const timeframes = [...new Set<Timeframe>(timeframeMs(base) < timeframeMs("1m") ? [base, "1m"] : [base])];
  await keepCandles({ context, metrics, store, venue: wanted.venue, instrument: wanted.instrument.id, timeframes }, signal);
}

function tellWhatIsAmiss({ context, wanted }: PartitionOptions, base: Timeframe): void {
  const tooFine = wanted.wishes
    .filter(({ timeframe }) => timeframeMs(timeframe) < timeframeMs(base))
    .map(
      ({ who, timeframe }) =>
        `${who} wants ${timeframe} candles of ${wanted.instrument.id}, and the feed has none finer than ${base}: it waits in vain`,
    );
  for (const line of [...wanted.conflicts, ...tooFine]) {
    context.log.warn(line);
    context.state.note(line);
  }
}

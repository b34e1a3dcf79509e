import { timeframeMs, type Calendar } from "@tradewind/core";
import type { CreateFeed, FeedClock, FeedEvent, FeedSeries } from "./feed.ts";
import { barsBetween, createPaths, simulateInstrument, type SimulatedInstrument } from "./simulated/market.ts";

const BASE = "1s";
const BATCH_ROWS = 512;
/** A faster market gives several candles at a time instead of waking up for each. */
const PAUSE_MS = 20;

/** A market of its own: seeded, endless in both directions of time, a function of seed and time alone. */
export const simulated: CreateFeed = ({ seed, clock }) => {
  const pathOf = createPaths(seed);
  return {
    capabilities: { history: true, ownsClock: true, recorded: false },
    open: async (_venue, instrument, calendar) => seriesOf(simulateInstrument(seed, pathOf, instrument), calendar, clock),
  };
};

function seriesOf(market: SimulatedInstrument, calendar: Calendar, clock: FeedClock): FeedSeries {
  async function* stream(from: number | undefined, signal: AbortSignal): AsyncGenerator<readonly FeedEvent[]> {
    let span = calendar.nextBar(BASE, from ?? clock.now());
    while (!signal.aborted) {
      const now = clock.now();
      const batch: FeedEvent[] = [];
      for (; span.closeTime <= now && batch.length < BATCH_ROWS; span = calendar.nextBar(BASE, span.closeTime))
        batch.push({ type: "candle", candle: market.bar(BASE, span) });
      if (batch.length > 0) yield batch;
      if (span.closeTime > clock.now()) await reached(clock, Math.max(span.closeTime, now + PAUSE_MS * clock.speed()), signal);
    }
  }

  return {
    base: BASE,
    async history(timeframe, from, to) {
      return barsBetween(calendar, timeframe, from, to - (to % timeframeMs(BASE))).map((span) => market.bar(timeframe, span));
    },
    stream,
  };
}

/** Resolves when the market's time is there, or when there is nothing to wait for any more. */
function reached(clock: FeedClock, time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      alarm.stop();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const alarm = clock.at(time, done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

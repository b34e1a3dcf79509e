import {
  aggregationChain,
  sequence,
  timeframeMs,
  type AggregationChain,
  type Candle,
  type CandleOrigin,
  type Sequence,
  type SequenceOutput,
} from "@tradewind/core";
import { messageId } from "@tradewind/contracts";
import { checkpointStore, createOutbox, type CheckpointStore, type Outbox, type ServiceContext } from "@tradewind/kit";
import type { FeatureCache } from "@tradewind/store";
import type { Feed, FeedClock, FeedEvent, FeedSeries } from "@tradewind/venues";
import { openFeatures, type Features } from "./features.ts";
import type { MarketMetrics } from "./metrics.ts";
import { openPublisher, type Publisher } from "./publisher.ts";
import type { WantedInstrument } from "./wanted.ts";
import { primeChain, warmUpBars } from "./warm-up.ts";

export interface SeriesOptions {
  readonly context: ServiceContext;
  readonly metrics: MarketMetrics;
  readonly feed: Feed;
  readonly clock: FeedClock;
  readonly cache: FeatureCache;
  readonly wanted: WantedInstrument;
  /** Where the market was last set from; undefined for a market that is not ours. */
  readonly marketStart: () => number | undefined;
  /** False once the partition may be another's: then nothing is saved any more. */
  readonly valid: () => boolean;
}

interface Saved {
  /** Everything the feed gave that opened before is in. */
  readonly resume: number | undefined;
  /** The warm-up that ends here has not been published to its end. */
  readonly warmUpTo: number | undefined;
  readonly chain: unknown;
  readonly order: unknown;
}

/** Candles that may wait for an older one; a feed that needs more has lost it. */
const CAPACITY = 120;
const CHECKPOINT_MS = 1_000;
/** A candle that comes later than this is no news: two bars, and so much wall time. */
const LATE_BARS = 2;
const LATE_WALL_MS = 2_000;
/** A market that began less than this ago is warmed up to where it began. */
const JUST_BEGUN_MS = 10_000;

/** One instrument from its feed to the bus. */
interface Line {
  readonly options: SeriesOptions;
  readonly series: FeedSeries;
  readonly chain: AggregationChain;
  readonly order: Sequence;
  readonly outbox: Outbox;
  readonly publisher: Publisher;
  readonly checkpoints: CheckpointStore;
}

/** Publishes an instrument's candles and features from where they got to, until the data ends or `signal` aborts. */
export async function runSeries(options: SeriesOptions, opened: FeedSeries, signal: AbortSignal): Promise<void> {
  const line = await openLine(options, opened);
  const saved = (await line.checkpoints.load())?.state as Saved | undefined;
  const resume = saved === undefined ? await begin(line) : await goOn(line, saved);
  const { context, metrics, cache, wanted } = options;
  const { venue, instrument, calendar, matrices } = wanted;
  const until = resume ?? -Infinity;
  const features = await openFeatures({
    context,
    outbox: line.outbox,
    metrics,
    cache,
    venue,
    instrument: instrument.id,
    calendar,
    matrices,
    until,
  });

  let savedAt = Date.now();
  for await (const batch of opened.stream(resume, signal)) {
    const now = options.clock.now();
    for (const event of batch) take(line, features, event, now);
    await features.flush();
    await line.outbox.flush();
    if (Date.now() - savedAt < CHECKPOINT_MS || !options.valid()) continue;
    await save(line, undefined);
    savedAt = Date.now();
  }
  if (options.valid()) await save(line, undefined);
}

async function openLine(options: SeriesOptions, series: FeedSeries): Promise<Line> {
  const { context, metrics, wanted } = options;
  const { venue, instrument, calendar } = wanted;
  const { base } = series;
  const chain = aggregationChain(calendar, base, "1d", (timeframe, problem) => {
    const line = `no ${timeframe} candles of ${instrument.id} at ${venue}: ${problem.message}`;
    context.log.warn(line);
    context.state.note(line);
  });
  const outbox = createOutbox(context);
  const timeframes = [base, ...chain.timeframes];
  const publisher = await openPublisher({ context, outbox, metrics, venue, instrument: instrument.id, calendar, timeframes });
  const { feed, seed, files } = context.config.market;
  const version = ["1", feed, seed, files[instrument.id] ?? "", base, calendar.name].join(" ");
  const checkpoints = checkpointStore(context, `${venue}.${instrument.id}`, version);
  const order = sequence({ calendar, timeframe: base, capacity: CAPACITY, fillUpTo: 0 });
  return { options, series, chain, order, outbox, publisher, checkpoints };
}

async function save({ chain, order, checkpoints }: Line, warmUpTo: number | undefined): Promise<void> {
  const state: Saved = { resume: order.settledUntil(), warmUpTo, chain: chain.snapshot(), order: order.snapshot() };
  await checkpoints.save({ positions: {}, state });
}

/** Goes on from a checkpoint: everything later is made again, and what is there already is not said again. */
async function goOn(line: Line, saved: Saved): Promise<number | undefined> {
  line.chain.restore(saved.chain);
  line.order.restore(saved.order);
  if (saved.warmUpTo !== undefined) await warmUp(line, saved.warmUpTo);
  return saved.resume;
}

/** Begins a subject, or goes on with one whose checkpoint is gone; gives where the stream is to go on. */
async function begin(line: Line): Promise<number | undefined> {
  const { options, series, chain, order, publisher } = line;
  // A recording is short enough to be told from its beginning; what is there already is not said again.
  if (!options.feed.capabilities.history) return undefined;
  const time = publisher.settled(series.base) ?? warmUpEnd(options);
  await primeChain(chain, series, options.wanted.calendar, time);
  order.gap(time);
  // Saved before anything is said: whatever happens from here on can be done again.
  await save(line, time);
  await warmUp(line, time);
  return time;
}

function warmUpEnd({ clock, marketStart }: SeriesOptions): number {
  const now = clock.now();
  const start = marketStart();
  const end = start !== undefined && now - start < JUST_BEGUN_MS * clock.speed() ? start : now;
  return end - (end % timeframeMs("1s"));
}

async function warmUp(line: Line, time: number): Promise<void> {
  const { options, series, chain, outbox, publisher } = line;
  const { context, wanted } = options;
  const bars = await warmUpBars(series, wanted.calendar, [series.base, ...chain.timeframes], time, context.config.market.warmup_bars);
  for (const candle of bars) publisher.candle(candle);
  await outbox.flush();
  await save(line, undefined);
}

function take(line: Line, features: Features, event: FeedEvent, now: number): void {
  const { options, order, publisher } = line;
  if (event.type === "end") return publisher.end(event.time);
  if (event.type === "gap") return order.gap(event.to).forEach((output) => give(line, features, output));
  const { candle } = event;
  const lateMs = now - candle.closeTime;
  if (!options.feed.capabilities.recorded) {
    const { venue, instrument } = options.wanted;
    options.metrics.feedLag.set({ venue, instrument: instrument.id }, lateMs / options.clock.speed() / 1000);
  }
  for (const output of order.push({ ...candle, origin: originOf(options, candle, lateMs) })) give(line, features, output);
}

function originOf({ feed, clock }: SeriesOptions, { timeframe }: Candle, lateMs: number): CandleOrigin {
  if (feed.capabilities.recorded) return "live";
  return lateMs > Math.max(LATE_BARS * timeframeMs(timeframe), LATE_WALL_MS * clock.speed()) ? "backfill" : "live";
}

function give({ options, series, chain, publisher }: Line, features: Features, output: SequenceOutput): void {
  switch (output.type) {
    case "correction":
      return publisher.correction(output.candle);
    case "gap": {
      const { from, to, reason } = output;
      publisher.gap(series.base, from, to, reason === "overflow" ? "candles are missing" : "no candles came");
      const closed = chain.advance(to);
      for (const bar of closed) publisher.candle(bar);
      return features.take(closed);
    }
    case "candle": {
      const { candle } = output;
      const cause = messageId.market(options.wanted.venue, { type: "candle", candle });
      const closed = chain.update(candle);
      publisher.candle(candle);
      for (const bar of closed) publisher.candle(bar, cause);
      return features.take([candle, ...closed]);
    }
  }
}

import { createHash } from "node:crypto";
import { calendarNamed, timeframeMs, type Candle, type Instrument, type Timeframe } from "@tradewind/core";
import { content, decodeMessage, subjectOf, tokenOf, type MarketEvent, type ServedModel } from "@tradewind/contracts";
import { checkpointStore, createInbox, type Incoming, type ServiceContext, type Work } from "@tradewind/kit";
import { barOrder, type Bar, type BarOrder } from "./bar-order.ts";
import { followFeatures } from "./feature-arrivals.ts";
import { featureSource, type FeatureCache } from "./features.ts";
import type { InferenceMetrics } from "./metrics.ts";
import { createKeeper } from "./keeper.ts";
import { createTeller } from "./teller.ts";
import type { Voice } from "./voice.ts";
import { createSpeaker } from "./word.ts";

/** One instrument that a model is wanted for. */
export interface LaneWish {
  readonly broker: string;
  readonly instrument: Instrument;
  /** Closes up to this market time, ms, only warm the features up. */
  readonly effectiveFrom: number;
  /** The finest timeframe a variant decides on with this model: there is a word on each of its closes. */
  readonly timeframe: Timeframe;
}

export interface LaneOptions {
  readonly context: ServiceContext;
  readonly wish: LaneWish;
  /** Which version it is may change; what it takes and whom it speaks as do not. */
  readonly voice: Voice;
  readonly cache: FeatureCache;
  readonly metrics: InferenceMetrics;
  /** The partition's lease has gone: nothing more is written. */
  readonly lost: AbortSignal;
}

interface Saved {
  readonly order: unknown;
  readonly features: unknown;
}

/** Wall ms a stop waits for the word in hand; its candle is taken again by whoever comes next. */
const LEAVE_AFTER_MS = 500;
/** Wall ms a close waits for its feature matrix before it makes one itself, at most a quarter of its timeframe. */
const FEATURE_WAIT_MS = 250;

/** Takes the candles of one instrument and says one model's word on each close, from the checkpoint on. */
export async function startLane(options: LaneOptions): Promise<Work> {
  const { context, wish, voice, metrics, lost } = options;
  const record = voice.current();
  const { instrument, effectiveFrom } = wish;
  const { matrix } = record;
  const venue = tokenOf(wish.broker);
  const about = { model: record.speaksAs, venue, instrument: instrument.id };
  const calendar = calendarNamed(instrument.calendar);
  const clock = context.run.clock === "events" ? undefined : context.clock;
  const finest = matrix.timeframes[0]!;
  const timeframes = timeframesOf(record, wish.timeframe);
  const filter = subjectOf("candle", { venue, instrument: instrument.id, timeframe: timeframes.length === 1 ? finest : "*" });
  const order = barOrder({ timeframes }, calendar);
  const checkpoints = checkpointStore(context, `${record.speaksAs}.${venue}.${instrument.id}`, versionOf(record, timeframes, context));
  const saved = await checkpoints.load();
  const saidUpTo = Math.max(effectiveFrom, await lastSaid(context, subjectOf("prediction", about)));
  const arrivals = clock && (await followFeatures(context, options.cache, { ...record, venue, instrument: instrument.id }));
  const features = featureSource({
    matrix,
    calendar,
    cached: arrivals && ((candle) => arrivals.matrixOf(candle.closeTime, featureWaitMs(context, finest))),
    replay: (until, feed) => replay(context, filter, barOrder({ timeframes }, calendar), record, until, feed),
  });
  const leaving = new AbortController();
  const speaker = createSpeaker({ voice, features, metrics, clock, signal: leaving.signal });
  const teller = createTeller({ context, about, matrix, spoken: timeframes[0]!, features, speaker, saidUpTo, lost });
  if (saved !== undefined) {
    const state = saved.state as Saved;
    order.restore(state.order);
    features.restore(state.features);
  }
  const inbox = createInbox(context);
  const keeper = createKeeper({
    lost,
    async save() {
      await teller.flush();
      const state: Saved = { order: order.snapshot(), features: features.snapshot() };
      await checkpoints.save({ positions: inbox.positions(), state });
    },
  });
  async function stop(): Promise<void> {
    const timer = setTimeout(() => leaving.abort(), LEAVE_AFTER_MS);
    await Promise.all([inbox.stop(), arrivals?.stop()]);
    clearTimeout(timer);
    await keeper.saveNow().catch(() => undefined);
  }
  const from = { after: saved?.positions[filter] ?? 0 };
  const take = ({ id, data }: Incoming<"candle">): Promise<void> =>
    keeper.taking(async () => {
      for (const bar of barsOf(order, data, id)) await teller.take(bar);
    });
  try {
    await inbox.open({ kind: "candle", filter, from, take });
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** What a market event brings: corrections change nothing that was said, and a gap is a bar that does not come. */
function barsOf(order: BarOrder, event: MarketEvent, cause: string): readonly Bar[] {
  if (event.type === "candle") return order.take({ candle: event.candle, cause });
  return event.type === "end" ? order.finish(event.timeframe) : [];
}

/** The timeframes a lane reads: the matrix's, and before them the variants' where they decide more often than the model speaks. */
function timeframesOf({ matrix }: ServedModel, wanted: Timeframe): readonly Timeframe[] {
  return timeframeMs(wanted) < timeframeMs(matrix.timeframes[0]!) ? [wanted, ...matrix.timeframes] : matrix.timeframes;
}

function versionOf(record: ServedModel, timeframes: readonly Timeframe[], { run }: ServiceContext): string {
  return createHash("sha256")
    .update(JSON.stringify([record.featureSchema, timeframes, run.clock]))
    .digest("hex");
}

function featureWaitMs({ clock }: ServiceContext, timeframe: Timeframe): number {
  return Math.min(FEATURE_WAIT_MS, timeframeMs(timeframe) / 4 / Math.max(clock.speed(), 1e-9));
}

/** Close time of the last word in the log; -Infinity when there is none. */
async function lastSaid({ bus }: ServiceContext, subject: string): Promise<number> {
  const stored = await bus.last(subject);
  if (stored === undefined) return -Infinity;
  const decoded = decodeMessage("prediction", stored.data);
  return decoded.ok ? content(decoded.envelope.data).closeTime : -Infinity;
}

/** Feeds the kept candles in the order a lane took them, up to and with `until`. */
async function replay(
  { bus }: ServiceContext,
  filter: string,
  order: BarOrder,
  { matrix }: ServedModel,
  until: Candle,
  feed: (candle: Candle) => void,
): Promise<void> {
  for await (const { data } of bus.read(filter, { after: 0 })) {
    const decoded = decodeMessage("candle", data);
    if (!decoded.ok) continue;
    for (const { candle } of barsOf(order, decoded.envelope.data, "")) {
      if (matrix.timeframes.includes(candle.timeframe)) feed(candle);
      if (candle.timeframe === until.timeframe && candle.closeTime >= until.closeTime) return;
    }
  }
}

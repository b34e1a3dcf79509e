import { type Timeframe } from "@tradewind/core";
import { content, subjectOf } from "@tradewind/contracts";
import {
  checkpointStore,
  createInbox,
  createOutbox,
  keepCheckpoints,
  lineOf,
  readMessages,
  type Checkpoint,
  type Inbox,
  type Outbox,
  type RunningVariant,
  type ServiceContext,
  type Work,
} from "@tradewind/kit";
import { createLane, type Lane, type SavedLane } from "./lane.ts";
import type { StrategyMetrics } from "./metrics.ts";

export interface PartitionOptions {
  readonly context: ServiceContext;
  readonly metrics: StrategyMetrics;
  /** `{broker}.{instrument}`. */
  readonly partition: string;
  /** Those with strategies on it. */
  readonly variants: readonly RunningVariant[];
  readonly lost: AbortSignal;
}

interface State {
  /** Wall time, ms. Whatever was said before is durable. */
  readonly takenAt: number;
  readonly lanes: readonly SavedLane[];
}

/** Of the checkpoint's own form; what a lane depends on is in the lane. */
const VERSION = "1";
/** How far clocks of this machine and of the bus may be apart. */
const SKEW_MS = 30_000;
const CATCH_UP_MESSAGES = 500;

/**
 * Works one instrument. The variants on one timeframe share one consumer. A lane whose state is in the checkpoint goes
 * on from there; one that is new reads the candles from the first kept one and joins the others when it is even with them.
 */
export async function startPartition(options: PartitionOptions): Promise<Work> {
  const { context, partition, variants, lost } = options;
  const store = checkpointStore(context, partition, VERSION);
  const saved = await store.load();
  const outbox = createOutbox(context);
  const inbox = createInbox(context);
  const joined: Lane[] = [];
  const checkpoints = keepCheckpoints({
    inbox,
    store,
    capture: (): State => ({ takenAt: Date.now(), lanes: joined.flatMap((lane) => lane.snapshot() ?? []) }),
    flush: () => outbox.flush(),
    valid: () => !lost.aborted,
    fail: context.fail,
  });
  const stopping = new AbortController();
  const ended = AbortSignal.any([stopping.signal, lost]);
  const catchingUp: Promise<void>[] = [];
  const opened = await Promise.all(variants.map((running) => openLane(options, outbox, running, saved)));

  for (const timeframe of new Set(opened.map(({ lane }) => lane.timeframe))) {
    const filter = candlesOf(partition, timeframe);
    const lanes = opened.filter(({ lane }) => lane.timeframe === timeframe);
    const restored = lanes.filter((each) => each.restored);
    joined.push(...(restored.length > 0 ? restored : lanes).map(({ lane }) => lane));
    await inbox.open({
      kind: "candle",
      filter,
      from: { after: restored.length > 0 ? (saved?.positions[filter] ?? 0) : 0 },
      take: ({ id, data }) => {
        if (data.type === "candle") for (const lane of joined) if (lane.timeframe === timeframe) lane.take(data.candle, id);
        return checkpoints.taken();
      },
    });
    if (restored.length > 0)
      for (const { lane } of lanes.filter((each) => !each.restored))
        catchingUp.push(catchUp({ context, outbox, inbox, filter, lane, ended, join: () => joined.push(lane) }));
  }
  for (const lane of catchingUp) lane.catch(context.fail);

  return {
    async stop() {
      stopping.abort();
      await Promise.allSettled([inbox.stop(), ...catchingUp]);
      await checkpoints.stop();
    },
  };
}

/** The partition's name is the subject's `{venue}.{instrument}`. */
function candlesOf(partition: string, timeframe: Timeframe): string {
  const [venue = "", instrument = ""] = partition.split(".");
  return subjectOf("candle", { venue, instrument, timeframe });
}

/** The lane of a variant, with its state from the checkpoint where that has it. */
async function openLane(
  { context, metrics, partition }: PartitionOptions,
  outbox: Outbox,
  running: RunningVariant,
  checkpoint: Checkpoint | undefined,
): Promise<{ lane: Lane; restored: boolean }> {
  const variant = running.desired.id;
  const instrument = partition.slice(partition.indexOf(".") + 1);
  const state = checkpoint?.state as State | undefined;
  const saved = state?.lanes.find((lane) => lane.variant === variant && lane.configHash === running.loaded.configHash);
  const said = new Map<string, number>();
  const open = (from: SavedLane | undefined): Lane => createLane({ context, metrics, outbox, running, instrument, said, saved: from });
  let lane: Lane | undefined;
  try {
    lane = saved && open(saved);
  } catch (error) {
    context.log.warn(`variant ${variant} on ${instrument} cannot be restored and is rebuilt from the log: ${lineOf(error)}`);
  }
  const from = lane === undefined ? { after: 0 } : { since: state!.takenAt - SKEW_MS };
  await readMessages(context, "signal", subjectOf("signal", { variant, instrument }), from, ({ data }) => {
    const { source, closeTime } = content(data);
    said.set(source, Math.max(said.get(source) ?? -Infinity, closeTime));
  });
  return { lane: lane ?? open(undefined), restored: lane !== undefined };
}

interface CatchUp {
  readonly context: ServiceContext;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly filter: string;
  readonly lane: Lane;
  readonly ended: AbortSignal;
  readonly join: () => void;
}

/** Gives a new lane the candles there are, then lets it join, ahead of the others or even with them. */
async function catchUp({ context, outbox, inbox, filter, lane, ended, join }: CatchUp): Promise<void> {
  let position = 0;
  let taken = 0;
  for (let even = false; !even && !ended.aborted;) {
    const last = await readMessages(context, "candle", filter, { after: position }, ({ id, data }) => {
      if (data.type === "candle" && !ended.aborted) lane.take(data.candle, id);
      return ++taken % CATCH_UP_MESSAGES === 0 ? outbox.flush() : undefined;
    });
    position = Math.max(position, last);
    even = await inbox.exclusive(() => {
      if (ended.aborted || position < (inbox.positions()[filter] ?? 0)) return false;
      join();
      return true;
    });
  }
}

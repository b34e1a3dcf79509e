import { setTimeout as pause } from "node:timers/promises";
import { subjectOf } from "@tradewind/contracts";
import type { Candle, Timeframe } from "@tradewind/core";
import { checkpointStore, createInbox, lineOf, type ServiceContext } from "@tradewind/kit";
import type { CandleStore } from "@tradewind/store";
import type { MarketMetrics } from "./metrics.ts";

export interface KeeperOptions {
  readonly context: ServiceContext;
  readonly metrics: MarketMetrics;
  readonly store: CandleStore;
  readonly venue: string;
  readonly instrument: string;
  readonly timeframes: readonly Timeframe[];
}

/** A day's file is written anew with each batch, so batches are long. */
const WRITE_EVERY_MS = 60_000;
const WRITE_MOST_ROWS = 10_000;
const RETRY_MS = 30_000;

/**
 * Copies candle subjects to the candle store until `signal` aborts, from where it got to: what a kill or a full disk
 * kept from being written is read again. Trading takes no notice of it.
 */
export async function keepCandles(options: KeeperOptions, signal: AbortSignal): Promise<void> {
  const { context, venue, instrument } = options;
  let told = false;
  while (!signal.aborted) {
    const problem = await keepUntilBroken(options, signal, () => (told = false));
    if (problem === undefined) return;
    if (!told) {
      const line = `candles of ${instrument} at ${venue} are not written to the store for now: ${lineOf(problem)}`;
      context.log.error(line);
      context.state.note(line);
    }
    told = true;
    await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Resolves with what went wrong, or with undefined when it was to stop; then what had come is written. */
async function keepUntilBroken(options: KeeperOptions, signal: AbortSignal, wrote: () => void): Promise<unknown> {
  const { context, metrics, store, venue, instrument, timeframes } = options;
  const checkpoints = checkpointStore(context, `${venue}.${instrument}.store`, "1");
  const inbox = createInbox(context);
  const ended = Promise.withResolvers<unknown>();
  const waiting = new Map<Timeframe, Candle[]>();
  let rows = 0;
  let broken = false;

  async function write(): Promise<void> {
    if (broken || rows === 0) return;
    try {
      for (const [timeframe, candles] of waiting) {
        await store.append(venue, candles);
        metrics.kept.inc({ timeframe }, candles.length);
      }
      waiting.clear();
      rows = 0;
      await checkpoints.save({ positions: inbox.positions(), state: null });
      wrote();
    } catch (error) {
      broken = true;
      ended.resolve(error);
    }
  }

  function take(timeframe: Timeframe, candle: Candle): Promise<void> | undefined {
    if (broken) return undefined;
    const own = waiting.get(timeframe) ?? [];
    own.push(candle);
    waiting.set(timeframe, own);
    return ++rows >= WRITE_MOST_ROWS ? write() : undefined;
  }

  const stop = (): void => ended.resolve(undefined);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const timer = setInterval(() => void inbox.exclusive(write), WRITE_EVERY_MS);
  try {
    const from = (await checkpoints.load())?.positions ?? {};
    for (const timeframe of timeframes) {
      const filter = subjectOf("candle", { venue, instrument, timeframe });
      await inbox.open({
        kind: "candle",
        filter,
        from: { after: from[filter] ?? 0 },
        take: ({ data }) => (data.type === "candle" || data.type === "correction" ? take(timeframe, data.candle) : undefined),
      });
    }
    return await ended.promise;
  } catch (error) {
    return error;
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", stop);
    await inbox.stop();
    await write();
  }
}

import { decodeMessage, messageId, subjectOf, type MarketEvent } from "@tradewind/contracts";
import type { Calendar, Candle, Timeframe } from "@tradewind/core";
import type { Outbox, ServiceContext } from "@tradewind/kit";
import type { MarketMetrics } from "./metrics.ts";

/** The candle subjects of one instrument: each monotone and without an untold hole, whatever is given again. */
export interface Publisher {
  /** Left out when its subject has got that far; bars that are missing before it are told as a gap. */
  candle(candle: Candle, cause?: string): void;
  correction(candle: Candle): void;
  /** Bars that open in [from, to) will not come. */
  gap(timeframe: Timeframe, from: number, to: number, reason: string): void;
  /** The data ends; told once on each timeframe. */
  end(time: number): void;
  /** Every bar of a subject that closes up to here is told; undefined while it is empty. */
  settled(timeframe: Timeframe): number | undefined;
}

export interface PublisherOptions {
  readonly context: ServiceContext;
  readonly outbox: Outbox;
  readonly metrics: MarketMetrics;
  readonly venue: string;
  readonly instrument: string;
  readonly calendar: Calendar;
  /** Finest first. */
  readonly timeframes: readonly Timeframe[];
}

/** Looks at the last message of each subject: what is there is not said again. */
export async function openPublisher(options: PublisherOptions): Promise<Publisher> {
  const { context, outbox, metrics, venue, instrument, calendar, timeframes } = options;
  const settled = new Map<Timeframe, number>();
  const ended = new Map<Timeframe, number>();
  for (const timeframe of timeframes) {
    const event = await lastEvent(context, venue, instrument, timeframe);
    if (event === undefined) continue;
    settled.set(timeframe, reachedBy(event));
    if (event.type === "end") ended.set(timeframe, event.time);
  }

  function say(timeframe: Timeframe, time: number, event: MarketEvent, cause: string | undefined): void {
    const message = { id: messageId.market(venue, event), time, data: event, ...(cause !== undefined && { cause }) };
    // What cannot be said ends the service by itself.
    outbox.append("candle", { venue, instrument, timeframe }, message).catch(() => undefined);
    settled.set(timeframe, Math.max(settled.get(timeframe) ?? time, reachedBy(event)));
  }

  function gap(timeframe: Timeframe, from: number, to: number, reason: string): void {
    const reached = settled.get(timeframe);
    if (reached !== undefined && to <= reached) return;
    say(timeframe, to, { type: "gap", instrument, timeframe, from: Math.max(from, reached ?? from), to, reason }, undefined);
    metrics.gaps.inc({ timeframe });
  }

  return {
    candle(candle, cause) {
      const { timeframe, openTime, closeTime } = candle;
      const reached = settled.get(timeframe);
      if (reached !== undefined && closeTime <= reached) return;
      if (reached !== undefined && calendar.countBars(timeframe, reached, openTime) > 0)
        gap(timeframe, calendar.nextBar(timeframe, reached).openTime, openTime, "no candles came");
      say(timeframe, closeTime, { type: "candle", candle }, cause);
      metrics.candles.inc({ timeframe });
    },
    correction(candle) {
      say(candle.timeframe, candle.closeTime, { type: "correction", candle }, undefined);
    },
    gap,
    end(time) {
      for (const timeframe of timeframes)
        if ((ended.get(timeframe) ?? -Infinity) < time) say(timeframe, time, { type: "end", instrument, timeframe, time }, undefined);
    },
    settled: (timeframe) => settled.get(timeframe),
  };
}

async function lastEvent(
  { bus }: ServiceContext,
  venue: string,
  instrument: string,
  timeframe: Timeframe,
): Promise<MarketEvent | undefined> {
  const stored = await bus.last(subjectOf("candle", { venue, instrument, timeframe }));
  const decoded = stored && decodeMessage("candle", stored.data);
  return decoded?.ok === true ? decoded.envelope.data : undefined;
}

function reachedBy(event: MarketEvent): number {
  switch (event.type) {
    case "candle":
    case "correction":
      return event.candle.closeTime;
    case "gap":
      return event.to;
    case "end":
      return event.time;
  }
}

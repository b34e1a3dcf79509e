import { byClose, FeatureMatrix, type Calendar, type Candle, type MatrixPlan, type Timeframe } from "@tradewind/core";
import { decodeMessage, messageId, subjectOf } from "@tradewind/contracts";
import { readMessages, type Outbox, type ServiceContext } from "@tradewind/kit";
import type { FeatureCache } from "@tradewind/store";
import type { MarketMetrics } from "./metrics.ts";

/** The feature matrices of one instrument. */
export interface Features {
  /** Takes what closed together: put away and published at the next flush. */
  take(closed: readonly Candle[]): void;
  /** Every matrix is in the cache before its message is out. */
  flush(): Promise<void>;
}

export interface FeaturesOptions {
  readonly context: ServiceContext;
  readonly outbox: Outbox;
  readonly metrics: MarketMetrics;
  readonly cache: FeatureCache;
  readonly venue: string;
  readonly instrument: string;
  readonly calendar: Calendar;
  /** By the hash of their schema. */
  readonly matrices: ReadonlyMap<string, MatrixPlan>;
  /** Candles that close up to here are read from the log; later ones are given to `take`. */
  readonly until: number;
}

/** A matrix is a fold of the log's candles from the first kept one, wherever it is made. */
export async function openFeatures(options: FeaturesOptions): Promise<Features> {
  const makers = await Promise.all([...options.matrices].map(([schema, plan]) => openMaker(options, schema, plan)));
  return {
    take(closed) {
      if (makers.length === 0) return;
      const sorted = [...closed].sort(byClose);
      for (const maker of makers) for (const candle of sorted) maker.take(candle);
    },
    async flush() {
      await Promise.all(makers.map((maker) => maker.flush()));
    },
  };
}

interface Maker {
  take(candle: Candle): void;
  flush(): Promise<void>;
}

interface Made {
  readonly candle: Candle;
  readonly key: string;
  readonly values: Float32Array;
}

async function openMaker(options: FeaturesOptions, schema: string, plan: MatrixPlan): Promise<Maker> {
  const { context, outbox, metrics, cache, venue, instrument, calendar } = options;
  const schema8 = schema.slice(0, 8);
  const [timeframe] = plan.timeframes as readonly [Timeframe];
  const matrix = new FeatureMatrix(plan, { calendar });
  const taken = new Map<Timeframe, number>();
  const published = (await lastPublished(context, venue, instrument, schema8)) ?? options.until;
  let made: Made[] = [];

  function take(candle: Candle): void {
    if (!plan.timeframes.includes(candle.timeframe)) return;
    const { closeTime } = candle;
    // A bar that a hole left open may come again after a restart.
    if (closeTime <= Math.max(taken.get(candle.timeframe) ?? -Infinity, taken.get(timeframe) ?? -Infinity)) return;
    taken.set(candle.timeframe, closeTime);
    matrix.update(candle);
    if (candle.timeframe !== timeframe || closeTime <= published) return;
    const values = matrix.matrix();
    if (values !== undefined) made.push({ candle, key: `${venue}/${instrument}/${schema8}/${closeTime}`, values });
  }

  for (const candle of await loggedCandles(options, plan)) take(candle);

  return {
    take,
    async flush() {
      if (made.length === 0) return;
      const ready = made;
      made = [];
      await Promise.all(ready.map(({ key, values }) => cache.put(key, schema, values)));
      for (const { candle, key } of ready) {
        const { closeTime, origin } = candle;
        const data = { venue, instrument, timeframe, closeTime, schema, key, rows: plan.window, columns: plan.features.length, origin };
        const cause = messageId.market(venue, { type: "candle", candle });
        const message = { id: messageId.feature(venue, instrument, schema8, closeTime), time: closeTime, cause, data };
        outbox.append("feature", { venue, instrument, schema8 }, message).catch(() => undefined);
      }
      metrics.features.inc(ready.length);
    },
  };
}

/** What the log has of the plan's timeframes, in the order a matrix takes it. */
async function loggedCandles({ context, venue, instrument, until }: FeaturesOptions, plan: MatrixPlan): Promise<Candle[]> {
  const candles: Candle[] = [];
  for (const timeframe of plan.timeframes)
    await readMessages(context, "candle", subjectOf("candle", { venue, instrument, timeframe }), { after: 0 }, ({ data }) => {
      if (data.type === "candle" && data.candle.closeTime <= until) candles.push(data.candle);
    });
  return candles.sort(byClose);
}

async function lastPublished({ bus }: ServiceContext, venue: string, instrument: string, schema8: string): Promise<number | undefined> {
  const stored = await bus.last(subjectOf("feature", { venue, instrument, schema8 }));
  const decoded = stored && decodeMessage("feature", stored.data);
  return decoded?.ok === true ? decoded.envelope.data.closeTime : undefined;
}

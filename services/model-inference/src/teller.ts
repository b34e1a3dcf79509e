import type { Candle, MatrixPlan, Timeframe } from "@tradewind/core";
import { messageId } from "@tradewind/contracts";
import { createOutbox, type ServiceContext } from "@tradewind/kit";
import type { Bar } from "./bar-order.ts";
import type { FeatureSource } from "./features.ts";
import type { Speaker } from "./word.ts";

export interface TellerOptions {
  readonly context: ServiceContext;
  readonly about: { readonly model: string; readonly venue: string; readonly instrument: string };
  readonly matrix: MatrixPlan;
  /** There is a word on each close of this timeframe: the matrix's first, or a finer one that a variant decides on. */
  readonly spoken: Timeframe;
  readonly features: FeatureSource;
  readonly speaker: Speaker;
  /** Closes up to this market time have their word, or need none; they go on warming the features up. */
  readonly saidUpTo: number;
  readonly lost: AbortSignal;
}

/** Words under way to the log before the next candle is taken. */
const UNDER_WAY_MOST = 200;

/** Feeds the features and puts one word on the log for each close, in the order of the closes. */
export interface Teller {
  take(bar: Bar): Promise<void>;
  /** Every word so far is durable when this resolves. */
  flush(): Promise<void>;
}

export function createTeller(options: TellerOptions): Teller {
  const { context, about, matrix, spoken, features, speaker, lost } = options;
  const outbox = createOutbox(context);
  const finest = matrix.timeframes[0]!;
  let { saidUpTo } = options;
  /** Close time of the newest candle of the matrix's first timeframe. */
  let newest = -Infinity;
  let underWay = 0;

  async function flush(): Promise<void> {
    await outbox.flush();
    underWay = 0;
  }

  /** The candle as the features know it: a finer candle that closes with one of the first timeframe speaks for it. */
  const ownClose = (candle: Candle): Candle => (candle.timeframe === finest ? candle : { ...candle, timeframe: finest });

  return {
    async take({ candle, cause }) {
      if (lost.aborted) return;
      const { closeTime: time } = candle;
      if (matrix.timeframes.includes(candle.timeframe)) features.feed(candle);
      if (candle.timeframe === finest) newest = time;
      if (candle.timeframe !== spoken || time <= saidUpTo) return;
      const data = newest === time ? await speaker.word(ownClose(candle)) : speaker.aside(candle);
      if (lost.aborted) return;
      saidUpTo = time;
      const id = messageId.prediction(about.model, about.venue, data);
      // The outbox ends the service when a word cannot be put on the log.
      outbox.append("prediction", about, { id, time, cause, data }).catch(() => undefined);
      if (++underWay >= UNDER_WAY_MOST) await flush();
    },
    flush,
  };
}

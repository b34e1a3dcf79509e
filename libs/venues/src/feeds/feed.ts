import type { Calendar, Candle, CandleColumns, Instrument, Timeframe } from "@tradewind/core";

/** Where candles come from. An adapter is one file and one line of the registry. */
export interface Feed {
  readonly capabilities: FeedCapabilities;
  /** One instrument as this venue has it. Throws an input failure when there is no data of it. */
  open(venue: string, instrument: Instrument, calendar: Calendar): Promise<FeedSeries>;
}

/** What differs between feeds, as data. */
export interface FeedCapabilities {
  /** Bars of the past can be had at any timeframe. */
  readonly history: boolean;
  /** It is the market, so it sets the market's clock. */
  readonly ownsClock: boolean;
  /** Its candles are on disk already, come as fast as they are taken, and end. */
  readonly recorded: boolean;
}

export interface FeedSeries {
  /** Timeframe of the stream. */
  readonly base: Timeframe;
  /** Bars of `timeframe` that open at or after `from` and close by `to`, oldest first; none without history. */
  history(timeframe: Timeframe, from: number, to: number): Promise<readonly Candle[]>;
  /**
   * Candles that open at or after `from`, without it from the first one or from now on. A batch is made when the one
   * before has been taken. Ends with the data or when `signal` aborts.
   */
  stream(from: number | undefined, signal: AbortSignal): AsyncIterable<readonly FeedEvent[]>;
}

export type FeedEvent =
  | { readonly type: "candle"; readonly candle: Candle }
  /** Bars that open before `to` and have not come will not come. */
  | { readonly type: "gap"; readonly to: number }
  /** Nothing newer will come; the last candle closed at `time`. */
  | { readonly type: "end"; readonly time: number };

/** The market's time as a feed needs it. */
export interface FeedClock {
  /** Market time, ms. */
  now(): number;
  /** Calls `ring` once, at or soon after market time `at`. */
  at(at: number, ring: () => void): { stop(): void };
  /** Market ms per wall ms. */
  speed(): number;
}

/** What feeds are made with; each takes what it needs. */
export interface FeedOptions {
  readonly seed: number;
  readonly clock: FeedClock;
  /** The recorded candles of an instrument. Throws an input failure when there are none. */
  readonly columnsOf: (venue: string, instrument: Instrument, calendar: Calendar) => Promise<CandleColumns>;
  /** Most candles a second and instrument of a recorded feed. */
  readonly pace: number | undefined;
}

export type CreateFeed = (options: FeedOptions) => Feed;

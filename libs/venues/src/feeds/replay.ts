import { setTimeout as pause } from "node:timers/promises";
import { candleAt, rowAt, type Calendar, type CandleColumns } from "@tradewind/core";
import type { CreateFeed, FeedEvent, FeedSeries } from "./feed.ts";

const BATCH_ROWS = 256;
const PACED_BATCH_MS = 50;

/** Recorded candles, as fast as they are taken or at a pace, and their end. */
export const replay: CreateFeed = ({ columnsOf, pace }) => ({
  capabilities: { history: false, ownsClock: false, recorded: true },
  async open(venue, instrument, calendar) {
    return seriesOf(await columnsOf(venue, instrument, calendar), calendar, pace);
  },
});

function seriesOf(columns: CandleColumns, calendar: Calendar, pace: number | undefined): FeedSeries {
  const rowsPerBatch = pace === undefined ? BATCH_ROWS : Math.max(1, Math.min(BATCH_ROWS, Math.round((pace * PACED_BATCH_MS) / 1000)));

  async function* stream(from: number | undefined, signal: AbortSignal): AsyncGenerator<readonly FeedEvent[]> {
    for (let row = from === undefined ? 0 : rowAt(columns, from); row < columns.length; row += rowsPerBatch) {
      if (signal.aborted) return;
      yield rows(columns, calendar, row, Math.min(columns.length, row + rowsPerBatch));
      if (pace !== undefined) await pause((1000 * rowsPerBatch) / pace, undefined, { signal }).catch(() => undefined);
    }
    if (!signal.aborted && columns.length > 0) yield [{ type: "end", time: columns.closeTime[columns.length - 1]! }];
  }

  return { base: columns.timeframe, history: async () => [], stream };
}

function rows(columns: CandleColumns, calendar: Calendar, from: number, to: number): FeedEvent[] {
  const events: FeedEvent[] = [];
  for (let row = from; row < to; row++) {
    const candle = candleAt(columns, row);
    if (row > 0 && calendar.countBars(columns.timeframe, columns.closeTime[row - 1]!, candle.openTime) > 0)
      events.push({ type: "gap", to: candle.openTime });
    events.push({ type: "candle", candle });
  }
  return events;
}

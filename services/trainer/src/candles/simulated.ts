import {
  allocateColumns,
  calendarNamed,
  DAY_MS,
  inputFailure,
  isoTime,
  type Candle,
  type CandleColumns,
  type Instrument,
  type Timeframe,
} from "@tradewind/core";
import { createFeed, type FeedClock } from "@tradewind/venues";

/** A stretch of the simulated market. Times in ms; equal stretches have equal candles, whatever the day is. */
export interface SimulatedStretch {
  readonly seed: number;
  readonly from?: number;
  readonly to?: number;
}

const USUAL_FROM = Date.UTC(2026, 0, 1);
const USUAL_DAYS = 30;
/** Made at a time; a bar that reaches over the end is made with the next ones. */
const CHUNK_MS = 7 * DAY_MS;

/** A history asks for no time. */
const stopped: FeedClock = { now: () => 0, at: () => ({ stop: () => undefined }), speed: () => 1 };

/** Candles of an instrument in the simulated market: made up, and good for trying things out only. Throws `BAD_RANGE`, `TOO_FEW_CANDLES`. */
export async function simulatedCandles(
  stretch: SimulatedStretch,
  instrument: Instrument,
  timeframe: Timeframe,
  onProgress?: (done: number, total: number) => void,
): Promise<CandleColumns> {
  const from = stretch.from ?? (stretch.to === undefined ? USUAL_FROM : stretch.to - USUAL_DAYS * DAY_MS);
  const to = stretch.to ?? from + USUAL_DAYS * DAY_MS;
  if (from >= to)
    throw inputFailure("BAD_RANGE", `the simulated stretch ${isoTime(from)} to ${isoTime(to)} is empty; give a from before its to`);
  const feed = createFeed("simulated", {
    seed: stretch.seed,
    clock: stopped,
    columnsOf: () => Promise.reject(new Error("no recording")),
    pace: undefined,
  });
  const series = await feed.open(instrument.venue, instrument, calendarNamed(instrument.calendar));
  const candles: Candle[] = [];
  for (let time = from; time < to; time += CHUNK_MS) {
    const bars = await series.history(timeframe, time, Math.min(to, time + CHUNK_MS + DAY_MS));
    for (const bar of bars) if (bar.openTime < time + CHUNK_MS) candles.push(bar);
    onProgress?.(Math.min(time + CHUNK_MS, to) - from, to - from);
  }
  if (candles.length < 2)
    throw inputFailure(
      "TOO_FEW_CANDLES",
      `the simulated stretch ${isoTime(from)} to ${isoTime(to)} holds ${candles.length} candle of ${timeframe}; make it longer`,
    );
  const columns = allocateColumns(instrument.id, timeframe, candles.length);
  for (const field of ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const)
    candles.forEach((candle, row) => void (columns[field][row] = candle[field]));
  return columns;
}

import { allocateColumns, DAY_MS, inputFailure, timeframeMs, type Calendar, type CandleColumns, type Instrument } from "@tradewind/core";
import type { ServiceContext } from "@tradewind/kit";
import { openCandleStore, readCandleCsv } from "@tradewind/store";

/**
 * The recorded candles of an instrument: its CSV file, else the finest series of the candle store. Throws as
 * `readCandleCsv` does, and `NO_RECORDING`.
 */
export async function recordedColumns(
  { config, log }: ServiceContext,
  venue: string,
  instrument: Instrument,
  calendar: Calendar,
): Promise<CandleColumns> {
  const { id } = instrument;
  const file = config.market.files[id];
  if (file !== undefined) {
    const { columns, warnings } = readCandleCsv(file, { instrument: id, calendar });
    for (const { message } of warnings) log.warn(`${file}: ${message}`);
    return inSessions(columns, calendar);
  }
  const store = openCandleStore(config.data.dir);
  const there = (await store.list()).filter((series) => series.venue === venue && series.instrument === id);
  const finest = there.sort((a, b) => timeframeMs(a.timeframe) - timeframeMs(b.timeframe))[0];
  if (finest === undefined)
    throw inputFailure(
      "NO_RECORDING",
      `the replay has no candles of ${id} at ${venue}: name a CSV file under market.files, or import some to ${config.data.dir}`,
    );
  return inSessions(await store.read(finest), calendar);
}

/** Without the candles outside the calendar's sessions, where nothing can trade; daily ones stay. A backtest does the same. */
function inSessions(columns: CandleColumns, calendar: Calendar): CandleColumns {
  if (timeframeMs(columns.timeframe) >= DAY_MS) return columns;
  const open = columns.openTime.map((time) => (calendar.isOpen(time) ? 1 : 0));
  const count = open.reduce((sum, one) => sum + one, 0);
  if (count === columns.length) return columns;
  const kept = allocateColumns(columns.instrument, columns.timeframe, count);
  for (const field of ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const)
    kept[field].set(columns[field].filter((_, i) => open[i] === 1));
  return kept;
}

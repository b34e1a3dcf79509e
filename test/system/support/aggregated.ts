import {
  aggregationChain,
  allocateColumns,
  calendarNamed,
  candleAt,
  type Candle,
  type CandleColumns,
  type Instrument,
  type Timeframe,
} from "@tradewind/core";

/** Candles as a backtest takes them: of this timeframe, made of finer ones where a file is finer. */
export function aggregated(columns: CandleColumns, instrument: Instrument, timeframe: Timeframe): CandleColumns {
  if (columns.timeframe === timeframe) return columns;
  const chain = aggregationChain(calendarNamed(instrument.calendar), columns.timeframe, timeframe);
  const candles: Candle[] = [];
  for (let row = 0; row < columns.length; row++)
    candles.push(...chain.update(candleAt(columns, row)).filter((candle) => candle.timeframe === timeframe));
  const made = allocateColumns(columns.instrument, timeframe, candles.length);
  for (const field of ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const)
    for (const [i, candle] of candles.entries()) made[field][i] = candle[field];
  return made;
}

import {
  allocateColumns,
  calendarNamed,
  DAY_MS,
  inputFailure,
  timeframeMs,
  toNumber,
  type CandleColumns,
  type Instrument,
} from "@tradewind/core";

/** Below this many ticks, rounding to the tick moves results. */
const TICKS_FINE = 1_000;
/** Below this many ticks, the data is of another instrument. */
const TICKS_LEAST = 20;
/** Rows looked at for the median. */
const SAMPLE = 10_001;

/**
 * Leaves out the candles that open outside the sessions of the instrument's calendar, where nothing can trade; daily
 * ones stay. Throws `OUTSIDE_SESSIONS` when none is left.
 */
export function leaveOutClosed(columns: CandleColumns, instrument: Instrument): { kept: CandleColumns; notice: string | undefined } {
  if (timeframeMs(columns.timeframe) >= DAY_MS) return { kept: columns, notice: undefined };
  const { name, isOpen } = calendarNamed(instrument.calendar);
  const open = columns.openTime.map((time) => (isOpen(time) ? 1 : 0));
  const count = open.reduce((sum, one) => sum + one, 0);
  if (count === columns.length) return { kept: columns, notice: undefined };
  const wayOut = name === "us-regular" ? "; set instruments calendar us-extended to use them" : "";
  const found = `of ${columns.length} candles of ${instrument.symbol} are outside the sessions of ${name}`;
  if (count === 0)
    throw inputFailure(
      "OUTSIDE_SESSIONS",
      `${columns.length} ${found}${wayOut || "; name the calendar that they are of under instruments"}`,
    );
  const kept = allocateColumns(columns.instrument, columns.timeframe, count);
  for (const field of ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const)
    kept[field].set(columns[field].filter((_, i) => open[i] === 1));
  return { kept, notice: `${columns.length - count} ${found} and were left out${wayOut}` };
}

/** What to say of prices that are few ticks high. Throws `PRICE_BELOW_TICK` where they cannot be of the instrument. */
export function tickNotice(columns: CandleColumns, instrument: Instrument): string | undefined {
  const every = Math.ceil(columns.length / SAMPLE);
  const closes = columns.close.filter((_, i) => i % every === 0).sort();
  const price = closes[closes.length >> 1];
  const tick = toNumber(instrument.tick);
  if (price === undefined || price >= TICKS_FINE * tick) return undefined;
  const { symbol } = instrument;
  const said = `the median close of ${price} is only ${Number((price / tick).toPrecision(3))} ticks of ${tick}, the tick of ${symbol}; if the candles are of another symbol, name it with --symbol, else set the tick under instruments`;
  if (price < TICKS_LEAST * tick) throw inputFailure("PRICE_BELOW_TICK", said);
  return said;
}

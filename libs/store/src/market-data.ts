import {
  calendarNamed,
  dataGaps,
  inputFailure,
  fromNumber,
  type CandleColumns,
  type DataGaps,
  type FundingPayment,
  type Instrument,
  type Price,
  type Rate,
  type Timeframe,
  type VariantPlan,
} from "@tradewind/core";
import { openCandleStore } from "./candle-store.ts";
import { readCandleCsv } from "./csv.ts";
import { readFunding, readMarkPrices } from "./funding.ts";
import { leaveOutClosed, tickNotice } from "./plausible.ts";

/** Candles of a run and what is odd about them. */
export interface MarketData {
  /** In config order, all of one timeframe. */
  readonly columns: readonly CandleColumns[];
  readonly timeframe: Timeframe;
  readonly gaps: readonly DataGaps[];
  readonly warnings: readonly string[];
}

export interface CsvSource {
  readonly file: string;
  readonly instrument: Instrument;
  readonly timeframe?: Timeframe;
  readonly cacheDir?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Candles of one instrument from a CSV file, those within its sessions. Throws `CSV_*` naming the line, `TOO_FEW_CANDLES`,
 * `OUTSIDE_SESSIONS` and `PRICE_BELOW_TICK`.
 */
export function loadCsv(source: CsvSource): MarketData {
  const { instrument, file, timeframe, cacheDir, onProgress } = source;
  const calendar = calendarNamed(instrument.calendar);
  const read = readCandleCsv(file, {
    instrument: instrument.id,
    calendar,
    ...(timeframe && { timeframe }),
    ...(cacheDir && { cacheDir }),
    ...(onProgress && { onProgress }),
  });
  if (read.columns.length < 2)
    throw inputFailure("TOO_FEW_CANDLES", `${file} holds ${read.columns.length} candle; a run takes at least 2, so give a longer file`);
  const warnings = read.warnings.map((warning) => warning.message);
  const columns = plausible(read.columns, instrument, warnings);
  return {
    columns: [columns],
    timeframe: columns.timeframe,
    gaps: gapsOf([columns], [instrument]),
    warnings,
  };
}

/** What of a variant's plan says which candles it takes. */
export type StoredCandles = Pick<VariantPlan, "broker" | "instruments" | "finestTimeframe">;

/** Candles of every instrument of a plan from the store, opening in [from, to). Throws `NO_CANDLES` naming what is missing, and as `loadCsv` of sessions and ticks. */
export async function loadStored(plan: StoredCandles, dataDir: string, range: { from?: number; to?: number }): Promise<MarketData> {
  const store = openCandleStore(dataDir);
  const timeframe = plan.finestTimeframe;
  const columns: CandleColumns[] = [];
  const warnings: string[] = [];
  for (const instrument of plan.instruments) {
    const own = await store.read({ venue: plan.broker, instrument: instrument.id, timeframe }, range);
    if (own.length === 0)
      throw inputFailure(
        "NO_CANDLES",
        `no ${timeframe} candles of ${instrument.id} at ${plan.broker} in ${dataDir} for that time; bring some: tradewind data import FILE --venue ${plan.broker} --symbol ${instrument.symbol}`,
      );
    columns.push(plausible(own, instrument, warnings));
  }
  return { columns, timeframe, gaps: gapsOf(columns, plan.instruments), warnings };
}

/** The candles that the instrument can trade on; what is odd about them is added to `warnings`. */
function plausible(columns: CandleColumns, instrument: Instrument, warnings: string[]): CandleColumns {
  const { kept, notice } = leaveOutClosed(columns, instrument);
  for (const said of [notice, tickNotice(kept, instrument)]) if (said !== undefined) warnings.push(said);
  return kept;
}

function gapsOf(columns: readonly CandleColumns[], instruments: readonly Instrument[]): DataGaps[] {
  return columns.flatMap((own, i) => dataGaps(own, calendarNamed(instruments[i]!.calendar)) ?? []);
}

/**
 * Funding payments of one perpetual, oldest first: rates from one file, and for each the mark price at its time
 * (the latest at or before it) from another, or the candles' open where there is none.
 */
export function loadFunding(
  instrument: Instrument,
  fundingFile: string,
  markFile: string | undefined,
  candles: CandleColumns,
): FundingPayment[] {
  if (instrument.kind === "spot")
    throw inputFailure("FUNDING_ON_SPOT", `${instrument.symbol} pays no funding; leave --funding out or name a perpetual`);
  const rates = readFunding(fundingFile);
  const marks = markFile === undefined ? { time: candles.openTime, value: candles.open } : readMarkPrices(markFile);
  const payments: FundingPayment[] = [];
  let row = 0;
  for (let i = 0; i < rates.time.length; i++) {
    const time = rates.time[i]!;
    while (row + 1 < marks.time.length && marks.time[row + 1]! <= time) row += 1;
    if (marks.time.length === 0 || marks.time[row]! > time) continue;
    payments.push({
      instrument: instrument.id,
      time,
      rate: fromNumber<Rate>(rates.value[i]!, "funding rate"),
      mark: fromNumber<Price>(marks.value[row]!, "mark price"),
    });
  }
  return payments;
}

import {
  calendarNamed,
  dataGaps,
  inputFailure,
  fromNumber,
  timeframeMs,
  type CandleColumns,
  type DataGaps,
  type FundingPayment,
  type Instrument,
  type Price,
  type Rate,
  type Timeframe,
  type VariantPlan,
} from "@tradewind/core";
import { openCandleStore, readCandleCsv, readFunding, readMarkPrices } from "@tradewind/store";

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

/** Candles of one instrument from a CSV file. Throws `CSV_*` naming the line. */
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
  const { columns } = read;
  return {
    columns: [columns],
    timeframe: columns.timeframe,
    gaps: gapsOf([columns], [instrument]),
    warnings: read.warnings.map((warning) => warning.message),
  };
}

/** Candles of every instrument of a plan from the store, opening in [from, to). Throws `NO_CANDLES` naming what is missing. */
export async function loadStored(plan: VariantPlan, dataDir: string, range: { from?: number; to?: number }): Promise<MarketData> {
  const store = openCandleStore(dataDir);
  const timeframe = plan.finestTimeframe;
  const columns: CandleColumns[] = [];
  for (const instrument of plan.instruments) {
    const own = await store.read({ venue: plan.broker, instrument: instrument.id, timeframe }, range);
    if (own.length === 0)
      throw inputFailure(
        "NO_CANDLES",
        `no ${timeframe} candles of ${instrument.id} at ${plan.broker} in ${dataDir} for that time; bring some: tradewind data import FILE --venue ${plan.broker} --symbol ${instrument.symbol}`,
      );
    columns.push(own);
  }
  return { columns, timeframe, gaps: gapsOf(columns, plan.instruments), warnings: [] };
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

/** The timeframes of a run over data of `timeframe`: the variant's own decisions where the data is finer, else the data's. */
export function fitTimeframe(plan: VariantPlan, timeframe: Timeframe): "same" | "finer" | "coarser" {
  const data = timeframeMs(timeframe);
  const decision = timeframeMs(plan.timeframe);
  return data === decision ? "same" : data < decision ? "finer" : "coarser";
}

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadVariant, type LoadedVariant, type LoadOptions } from "@tradewind/config";
import type { CandleColumns, FundingPayment } from "@tradewind/core";
import { runBacktest, type BacktestRun } from "../src/backtest.ts";
import { loadCsv, type MarketData } from "@tradewind/store";
import { loadDefinitions } from "@tradewind/config";

/** Path of a file of this repository. */
export function repo(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

/** Folder of recorded market data beside the repository; tests that need it are left out where it is not there. */
export const dataFolder = repo("../shared/data");
export const dataAvailable = existsSync(dataFolder);
if (!dataAvailable) console.warn(`recorded market data not found at ${dataFolder}: the tests that need it are left out`);

export function candleFile(name: string): string {
  return `${dataFolder}/candles/${name}.csv`;
}

export interface Loaded {
  readonly variant: LoadedVariant;
  readonly data: MarketData;
}

/** A variant as the backtest command loads it, with the candles of its first symbol; `finest` is the data's timeframe. */
export function load(variantFile: string, candles: string, options: LoadOptions = {}): Loaded {
  const all = loadVariant(variantFile, { modeOverride: "backtest", ...options });
  const variant = loadVariant(variantFile, { modeOverride: "backtest", ...options, symbolOverride: [all.plan.instruments[0]!.symbol] });
  const data = loadCsv({ file: candleFile(candles), instrument: variant.plan.instruments[0]! });
  return { variant: { ...variant, plan: { ...variant.plan, finestTimeframe: data.timeframe } }, data };
}

export async function run({ variant, data }: Loaded, funding: readonly FundingPayment[] = []): Promise<BacktestRun> {
  return runBacktest({ plan: variant.plan, columns: data.columns, definitionOf: await loadDefinitions(variant), funding });
}

/** The first `length` rows. */
export function firstRows(columns: CandleColumns, length: number): CandleColumns {
  const cut = (column: Float64Array) => column.slice(0, length);
  const { openTime, closeTime, open, high, low, close, volume } = columns;
  return {
    ...columns,
    length: Math.min(length, columns.length),
    openTime: cut(openTime),
    closeTime: cut(closeTime),
    open: cut(open),
    high: cut(high),
    low: cut(low),
    close: cut(close),
    volume: cut(volume),
  };
}

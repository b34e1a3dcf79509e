import { isoTime, type CandleColumns } from "@tradewind/core";
import { ohlcvProblem } from "./row-check.ts";

/** What is wrong with the first bad row of candle columns, naming the row by its open time; undefined when all are good. */
export function columnsProblem(columns: CandleColumns): string | undefined {
  const { openTime, closeTime, open, high, low, close, volume } = columns;
  for (let i = 0; i < columns.length; i++) {
    const problem =
      ohlcvProblem(open[i]!, high[i]!, low[i]!, close[i]!, volume[i]!) ??
      timeProblem(openTime[i]!, closeTime[i]!, i > 0 ? closeTime[i - 1]! : Number.NEGATIVE_INFINITY);
    if (problem !== undefined) return `row ${i + 1} (${Number.isInteger(openTime[i]) ? isoTime(openTime[i]!) : openTime[i]}): ${problem}`;
  }
  return undefined;
}

function timeProblem(openTime: number, closeTime: number, previousClose: number): string | undefined {
  if (Number.isSafeInteger(openTime) && Number.isSafeInteger(closeTime) && closeTime > openTime && openTime >= previousClose)
    return undefined;
  if (!Number.isSafeInteger(openTime) || !Number.isSafeInteger(closeTime)) return `times ${openTime} and ${closeTime} are not whole ms`;
  if (closeTime <= openTime) return `close time ${closeTime} is not after open time ${openTime}`;
  return `opens at ${openTime}, before the row above closes (${previousClose})`;
}

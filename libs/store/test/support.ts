import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allocateColumns, calendarNamed, candleAt, type Calendar, type Candle, type CandleColumns, type Timeframe } from "@tradewind/core";
import fc from "fast-check";
import { onTestFinished } from "vitest";

export const crypto247 = calendarNamed("crypto-24-7");
export const usRegular = calendarNamed("us-regular");
export const usExtended = calendarNamed("us-extended");

/** Real candle files, beside the repository. */
export const sharedCandles = fileURLToPath(new URL("../../../../shared/data/candles", import.meta.url));
export const hasShared = existsSync(sharedCandles);

/** A folder of the running test's own, gone when it ends. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "tradewind-store-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function csvFile(text: string, name = "candles.csv"): string {
  const path = join(scratch(), name);
  writeFileSync(path, text);
  return path;
}

export const fields = ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const;

export function columnsFrom(candles: readonly Candle[], timeframe: Timeframe): CandleColumns {
  const columns = allocateColumns("BTC-USDT", timeframe, candles.length);
  for (const [i, candle] of candles.entries()) for (const field of fields) columns[field][i] = candle[field];
  return columns;
}

export function candlesOf(columns: CandleColumns): Candle[] {
  return Array.from({ length: columns.length }, (_, i) => candleAt(columns, i));
}

const price = fc.double({ min: 1e-6, max: 1e6, noNaN: true });

/** Up to `bars` consecutive bars of the calendar from a random time, some left out, with any valid prices. */
export function somePath(calendar: Calendar, timeframe: Timeframe, bars: number): fc.Arbitrary<Candle[]> {
  const start = fc.integer({ min: Date.parse("1999-06-01"), max: Date.parse("2026-01-01") });
  const row = fc.option(fc.tuple(fc.tuple(price, price, price, price), fc.double({ min: 0, max: 1e9, noNaN: true })), { freq: 4 });
  return fc.tuple(start, fc.array(row, { minLength: 1, maxLength: bars })).map(([from, rows]) => {
    const path: Candle[] = [];
    let span = calendar.nextBar(timeframe, from);
    for (const item of rows) {
      if (item) {
        const [low, open, close, high] = item[0].toSorted((a, b) => a - b) as [number, number, number, number];
        path.push({
          ...span,
          instrument: "BTC-USDT",
          timeframe,
          open,
          high,
          low,
          close,
          volume: item[1],
          revision: 0,
          origin: "live",
          synthetic: false,
        });
      }
      span = calendar.nextBar(timeframe, span.closeTime);
    }
    return path;
  });
}

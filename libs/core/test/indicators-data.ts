import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { allocateColumns, candleAt, type Candle, type CandleColumns } from "../src/domain/candle.ts";
import { timeframeMs, type Timeframe } from "../src/domain/timeframe.ts";

const data = new URL("../../../../shared/data/", import.meta.url);

/** False where real market data is not at hand; what needs it is left out, and says so. */
export const dataAvailable = existsSync(data);
if (!dataAvailable) console.warn(`market data not found at ${data.pathname}: comparisons with it are left out`);

/** Rows of a table without its heading, as texts. */
export function tableRows(path: string): string[][] {
  const lines = readFileSync(new URL(path, data), "utf8").trim().split(/\r?\n/);
  return lines.slice(1).map((line) => line.split(","));
}

/** A column of a table as numbers; empty is NaN. */
export function tableColumn(rows: readonly string[][], i: number): Float64Array {
  return Float64Array.from(rows, (row) => (row[i] ? Number(row[i]) : NaN));
}

/** Columns of the given numbers; what is not given is 0. */
export function columnsOf(
  given: Partial<Record<"openTime" | "open" | "high" | "low" | "close" | "volume", Float64Array>>,
  timeframe: Timeframe = "1m",
): CandleColumns {
  const length = Object.values(given)[0]!.length;
  const columns = { ...allocateColumns("TEST", timeframe, length), ...given };
  return { ...columns, closeTime: columns.openTime.map((time) => time + timeframeMs(timeframe)) };
}

/** Real candles, time in ms first, then open, high, low, close, volume. */
export function readCandles(file: string, timeframe: Timeframe): CandleColumns {
  const rows = tableRows(`candles/${file}`);
  const [openTime, open, high, low, close, volume] = [0, 1, 2, 3, 4, 5].map((i) => tableColumn(rows, i)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return columnsOf({ openTime, open, high, low, close, volume }, timeframe);
}

export function candlesOf(columns: CandleColumns): Candle[] {
  return Array.from({ length: columns.length }, (_, i) => candleAt(columns, i));
}

const START = Date.UTC(2024, 0, 1, 23);

/** A walk in whole ticks: ties, flat stretches, bars without range and without volume are common. */
export function walk(min: number, max: number): fc.Arbitrary<CandleColumns> {
  const step = fc.record({
    move: fc.integer({ min: -3, max: 3 }),
    up: fc.nat(2),
    down: fc.nat(2),
    volume: fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e6, noNaN: true })),
  });
  return fc.tuple(fc.array(step, { minLength: min, maxLength: max }), fc.constantFrom(0.01, 0.1, 7)).map(([steps, tick]) => {
    const columns = allocateColumns("TEST", "1m", steps.length);
    let level = 1_000;
    for (const [i, { move, up, down, volume }] of steps.entries()) {
      const open = level;
      level = Math.max(10, level + move);
      columns.openTime[i] = START + i * 60_000;
      columns.closeTime[i] = START + (i + 1) * 60_000;
      columns.open[i] = open * tick;
      columns.high[i] = (Math.max(open, level) + up) * tick;
      columns.low[i] = (Math.min(open, level) - down) * tick;
      columns.close[i] = level * tick;
      columns.volume[i] = volume;
    }
    return columns;
  });
}

/** `n` candles that do not move and trade nothing. */
export function flat(n: number, price = 0.1): CandleColumns {
  const level = new Float64Array(n).fill(price);
  return columnsOf({
    openTime: Float64Array.from(level, (_, i) => START + i * 60_000),
    open: level,
    high: level,
    low: level,
    close: level,
  });
}

/** The bit patterns of a float column, for comparing byte by byte. */
export function bits(column: Float64Array | Float32Array): string {
  return [...new Uint8Array(column.buffer, column.byteOffset, column.byteLength)].join();
}

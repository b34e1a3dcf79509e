import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { calendarNamed, sliceColumns, type CandleColumns } from "@tradewind/core";
import { importCsv, openCandleStore } from "@tradewind/store";
import type { Figure } from "./figure.ts";
import { instrument } from "./market.ts";
import { alternate, type Measured } from "./measure.ts";

const ROUNDS = 5;
const WARMUPS = 1;
const ROWS = 200_000;

function csvText(columns: CandleColumns): string {
  const lines = ["time_ms,open,high,low,close,volume"];
  for (let i = 0; i < columns.length; i++)
    lines.push(`${columns.openTime[i]},${columns.open[i]},${columns.high[i]},${columns.low[i]},${columns.close[i]},${columns.volume[i]}`);
  return `${lines.join("\n")}\n`;
}

/** Rows per second from a CSV file, checked, into a fresh candle store, and from the store's Parquet files into columns. */
export async function importFigures(columns: CandleColumns): Promise<Figure[]> {
  const dir = mkdtempSync(join(tmpdir(), "tradewind-bench-"));
  try {
    const part = sliceColumns(columns, 0, ROWS);
    const file = join(dir, "candles.csv");
    writeFileSync(file, csvText(part));
    const calendar = calendarNamed(instrument.calendar);
    const { venue, id } = instrument;
    const filled = openCandleStore(join(dir, "filled"));
    await importCsv(file, { venue, instrument: id, calendar, store: filled });
    let fresh = 0;
    const measured = await alternate(
      {
        csv: async () =>
          (await importCsv(file, { venue, instrument: id, calendar, store: openCandleStore(join(dir, `fresh-${fresh++}`)) })).rows,
        parquet: async () => (await filled.read({ venue, instrument: id, timeframe: "1m" })).length,
      },
      ROUNDS,
      WARMUPS,
    );
    return [figure("import.csv", measured.csv), figure("import.parquet", measured.parquet)];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function figure(name: string, { wallMs, cpuMs, result }: Measured<number>): Figure {
  return {
    name,
    value: (result / wallMs) * 1000,
    unit: "rows/s",
    cpuValue: (result / cpuMs) * 1000,
    wallMs,
    cpuMs,
    counts: { rows: result },
  };
}

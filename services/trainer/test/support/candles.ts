import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPrng } from "@tradewind/core";
import { tempDir } from "@tradewind/testkit";

export const T0 = Date.UTC(2024, 0, 1);
const MINUTE = 60_000;

/** A CSV of 1m candles of a seeded random walk; gives its path. */
export function walkCsv(length: number, seed = 1): string {
  const prng = createPrng(seed);
  const lines = ["time_ms,open,high,low,close,volume"];
  let close = 40_000;
  for (let i = 0; i < length; i++) {
    const open = close;
    close = Math.round(open * (1 + 0.004 * prng.normal()) * 100) / 100;
    const high = Math.max(open, close) + Math.round(20 * prng.next());
    const low = Math.min(open, close) - Math.round(20 * prng.next());
    lines.push([T0 + i * MINUTE, open, high, low, close, 100 + prng.below(900)].join(","));
  }
  const file = join(tempDir("tradewind-train-"), "BTC-USDT-PERP_1m.csv");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

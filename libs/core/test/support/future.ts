import type { CandleColumns } from "../../src/domain/candle.ts";
import { createPrng } from "../../src/sim/prng.ts";

const fields = ["open", "high", "low", "close", "volume"] as const;

/** The candles with everything that closes after `time` replaced by noise; times stay. */
export function noiseAfter(columns: CandleColumns, time: number, seed: number): CandleColumns {
  const prng = createPrng(seed);
  const out = { ...columns, ...Object.fromEntries(fields.map((field) => [field, columns[field].slice()])) } as CandleColumns;
  for (let row = 0; row < columns.length; row++) {
    if (columns.closeTime[row]! <= time) continue;
    const [a, b] = [1 + 500 * prng.next(), 1 + 500 * prng.next()];
    out.open[row] = a;
    out.close[row] = b;
    out.high[row] = Math.max(a, b) * (1 + prng.next());
    out.low[row] = Math.min(a, b) * (1 - prng.next() / 2);
    out.volume[row] = 1e6 * prng.next();
  }
  return out;
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { calendarNamed, createPrng, type Timeframe } from "@tradewind/core";

/** Market times files begin about: a plain day, the eve of a change of clocks, the eve of a holiday and a short session. */
const beginnings = ["2024-01-10T14:00:00Z", "2024-03-08T14:00:00Z", "2023-11-22T14:00:00Z"].map((text) => Date.parse(text));
const HALF_HOUR_MS = 1_800_000;
/** Between two bars of a market that is open round the clock there is never so long. */
const OVERNIGHT_MS = 4 * 3_600_000;

export interface DrawnCandles {
  readonly calendar: string;
  /** Each file has one of them. */
  readonly timeframes: readonly Timeframe[];
  /** Opens lie so long after the calendar's. */
  readonly offClockMs: number;
  readonly rows: number;
}

/** Seeded walks, one file each: they begin and end apart, rows and whole hours are missing, some are out of session. */
export function drawFiles(
  dir: string,
  seed: number,
  { calendar: name, timeframes, rows, offClockMs }: DrawnCandles,
  symbols: readonly (readonly [symbol: string, id: string, price: number])[],
): Readonly<Record<string, string>> {
  const prng = createPrng(seed);
  const calendar = calendarNamed(name);
  const begin = beginnings[prng.below(beginnings.length)]!;
  return Object.fromEntries(
    symbols.map(([, id, first]) => {
      const timeframe = timeframes[prng.below(timeframes.length)]!;
      let price = first;
      let time = begin + (prng.chance(0.5) ? 0 : prng.below(5) * HALF_HOUR_MS + 7 * 60_000);
      const length = rows - (prng.chance(0.5) ? 0 : prng.below(rows / 3));
      let text = "time_ms,open,high,low,close,volume\n";
      for (let row = 0; row < length; row++) {
        const { openTime: opens, closeTime } = calendar.nextBar(timeframe, time);
        const openTime = opens + offClockMs;
        const { line, close } = candleFrom(prng, price, row);
        if (openTime - time > OVERNIGHT_MS && prng.chance(0.5)) text += `${openTime - OVERNIGHT_MS / 2},${line}\n`;
        text += `${openTime},${line}\n`;
        price = close;
        time = closeTime;
        while (prng.chance(0.04)) time = calendar.nextBar(timeframe, time).closeTime;
        if (prng.chance(0.004)) time += (1 + prng.below(3)) * HALF_HOUR_MS;
      }
      const file = join(dir, `${id}.csv`);
      writeFileSync(file, text);
      return [id, file];
    }),
  );
}

function candleFrom(prng: ReturnType<typeof createPrng>, before: number, row: number): { line: string; close: number } {
  const cents = (value: number): number => Math.round(value * 100) / 100;
  const open = prng.chance(0.05) ? cents(before * (1 + prng.normal() * 0.006)) : before;
  const close = cents(open * (1 + prng.normal() * 0.002 + 0.001 * Math.sin(row / 19)));
  const high = cents(Math.max(open, close) * (1 + 0.0015 * prng.next()));
  const low = cents(Math.min(open, close) * (1 - 0.0015 * prng.next()));
  return { line: `${open},${Math.max(high, open, close)},${Math.min(low, open, close)},${close},${prng.below(200)}`, close };
}

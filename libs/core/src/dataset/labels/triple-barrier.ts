import type { CandleColumns } from "../../domain/candle.ts";
import { numberSpec, periodSpec } from "../../indicators/parameters.ts";
import { StandardDeviation } from "../../indicators/stddev.ts";
import { DOWN, FLAT, returnAfterCosts, UP } from "../dataset.ts";
import { defineLabel, type LabelOutcome } from "../label.ts";

export const tripleBarrier = defineLabel({
  name: "triple_barrier",
  doc: "Up or down by the barrier that price reaches first; flat when time runs out, or when one bar reaches both.",
  parameters: {
    horizon: periodSpec(20, "Bars until time runs out."),
    above: numberSpec(1, 0.01, 100, "Distance of the upper barrier, in usual moves over the horizon."),
    below: numberSpec(1, 0.01, 100, "Distance of the lower barrier, in usual moves over the horizon."),
    volatility: periodSpec(50, "One-bar returns before the close that say what is usual.", 2),
  },
  create({ horizon, above, below, volatility }, { bars, costPerSide }) {
    const usual = usualMoves(bars, volatility);
    // A barrier nearer than what a round trip costs would call a loss a win: this one breaks even.
    const nearest = (2 * costPerSide) / (1 - costPerSide);
    return (entry) => {
      const move = (usual[entry - 1] ?? NaN) * Math.sqrt(horizon);
      if (!(move > 0)) return undefined;
      const barriers = { upper: Math.max(above * move, nearest), lower: Math.max(below * move, nearest) };
      return race(bars, entry, horizon, barriers, costPerSide);
    };
  },
});

/** Deviation of the one-bar returns up to and with each bar; NaN until there are enough. */
function usualMoves(bars: CandleColumns, period: number): Float64Array {
  const deviation = new StandardDeviation(period);
  const out = new Float64Array(bars.length).fill(NaN);
  for (let row = 1; row < bars.length; row++) out[row] = deviation.update(bars.close[row]! / bars.close[row - 1]! - 1);
  return out;
}

interface Barriers {
  /** Distances from the entry price as shares of it. */
  readonly upper: number;
  readonly lower: number;
}

/** Follows the bars until a barrier is reached; undefined when the data ends first. */
function race(
  bars: CandleColumns,
  entry: number,
  horizon: number,
  { upper, lower }: Barriers,
  costPerSide: number,
): LabelOutcome | undefined {
  const price = bars.open[entry]!;
  const [top, bottom] = [price * (1 + upper), price * (1 - lower)];
  for (let row = entry; row < entry + horizon; row++) {
    if (row >= bars.length) return undefined;
    const [open, rose, fell] = [bars.open[row]!, bars.high[row]! >= top, bars.low[row]! <= bottom];
    if (!rose && !fell) continue;
    // Who is long has the lower barrier as a stop, who is short the upper one; a jump fills at the open.
    const high = Math.max(open, top) / price - 1;
    const low = Math.min(open, bottom) / price - 1;
    const [long, short] = [fell ? low : high, rose ? high : low];
    return {
      label: rose && fell ? FLAT : rose ? UP : DOWN,
      lastRow: row,
      forwardReturn: rose && fell ? bars.close[row]! / price - 1 : long,
      longReturn: returnAfterCosts(long, 1, costPerSide),
      shortReturn: returnAfterCosts(short, -1, costPerSide),
    };
  }
  const lastRow = entry + horizon - 1;
  const move = bars.close[lastRow]! / price - 1;
  return {
    label: FLAT,
    lastRow,
    forwardReturn: move,
    longReturn: returnAfterCosts(move, 1, costPerSide),
    shortReturn: returnAfterCosts(move, -1, costPerSide),
  };
}

import type { CandleColumns } from "../domain/candle.ts";
import type { FillRecord } from "./fills.ts";

/** A trade as far as its price path is asked about. `sign` is 1 for long, -1 for short. */
export interface TradeSpan {
  readonly sign: 1 | -1;
  readonly entryPrice: number;
  readonly entryTime: number;
  readonly exitPrice: number;
  readonly exitTime: number;
  readonly exitLeg: FillRecord["leg"];
}

export interface Excursion {
  readonly bars: number | null;
  readonly maePct: number | null;
  readonly mfePct: number | null;
}

/**
 * Maximum adverse (<= 0) and favourable (>= 0) excursion against the entry price, in percent, and the candle
 * closes held. Looks at every candle that overlaps (entryTime, exitTime); of one ended inside by a stop, target or
 * liquidation only the exit price counts, since what the candle did after the exit is not known. Null without candles.
 * Source of the measure: J. Sweeney, "Maximum Adverse Excursion" (1996).
 */
export function excursion(columns: CandleColumns | undefined, span: TradeSpan): Excursion {
  if (!columns || columns.length === 0) return { bars: null, maePct: null, mfePct: null };
  const endsInside = span.exitLeg === "stop" || span.exitLeg === "target" || span.exitLeg === "liquidation";
  let low = Math.min(span.entryPrice, span.exitPrice);
  let high = Math.max(span.entryPrice, span.exitPrice);
  let bars = 0;
  for (let i = firstAfter(columns.closeTime, span.entryTime); i < columns.length && columns.openTime[i]! < span.exitTime; i++) {
    if (columns.closeTime[i]! <= span.exitTime) bars++;
    if (endsInside && columns.closeTime[i]! >= span.exitTime) continue;
    low = Math.min(low, columns.low[i]!);
    high = Math.max(high, columns.high[i]!);
  }
  const down = (low / span.entryPrice - 1) * 100;
  const up = (high / span.entryPrice - 1) * 100;
  return span.sign > 0 ? { bars, maePct: down, mfePct: up } : { bars, maePct: 0 - up, mfePct: 0 - down };
}

/** Index of the first of ascending `times` above `time`. */
function firstAfter(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

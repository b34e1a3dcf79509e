import type { CandleColumns, FillRecord } from "@tradewind/core";
import { plural, type Marks, type TimePlot } from "@tradewind/plots";
import { envelope } from "../downsample.ts";

/**
 * Price of one instrument as close line and high-low band, with entries and exits. `id` is unique on the page;
 * `buckets` bounds the points of the lines, `markColumns` the markers (about three to a column).
 */
export function pricePlot(
  id: string,
  columns: CandleColumns,
  fills: readonly FillRecord[],
  buckets: number,
  markColumns: number,
): TimePlot {
  const own = fills.filter((fill) => fill.instrument === columns.instrument);
  const { time, low, high, close } = envelope(columns, buckets);
  return {
    id,
    summary: `Price of ${columns.instrument} over ${plural(columns.length, "candle")} with ${plural(own.length, "fill")}.`,
    time,
    series: { high, low, close },
    panels: [
      {
        layers: [
          { kind: "band", keys: ["high", "low"], style: "range" },
          { kind: "line", keys: ["close"], style: "close" },
        ],
        unit: "amount",
        height: 320,
        base: null,
      },
    ],
    legend: [{ key: "close", name: "Close", style: "close", unit: "amount" }],
    marks: marksOf(own, columns, markColumns),
    canLog: true,
  };
}

/** L and S enter long and short; W and X leave with a profit and a loss. */
function kindOf(fill: FillRecord): string {
  if (fill.leg === "entry") return fill.side === "BUY" ? "L" : "S";
  return fill.realized >= 0 ? "W" : "X";
}

/** Markers of the fills, thinned so that dense runs stay drawable: the first of each kind in each of `markColumns` columns. */
export function marksOf(fills: readonly FillRecord[], columns: CandleColumns, markColumns: number): Marks {
  const from = columns.openTime[0] ?? 0;
  const span = Math.max(1, (columns.closeTime[columns.length - 1] ?? 1) - from);
  const taken = new Set<string>();
  const kept = fills.filter((fill) => {
    const place = `${Math.floor(((fill.time - from) / span) * markColumns)} ${kindOf(fill)}`;
    if (fills.length > markColumns * 2 && taken.has(place)) return false;
    taken.add(place);
    return true;
  });
  return {
    time: Float64Array.from(kept, (fill) => fill.time),
    price: Float64Array.from(kept, (fill) => fill.price),
    kind: kept.map(kindOf).join(""),
  };
}

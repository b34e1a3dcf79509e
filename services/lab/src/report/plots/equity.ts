import { date, m4Indices, mergeIndices, money, percent, signedPercent, type TimePlot } from "@tradewind/plots";
import type { ReportModel } from "../model.ts";

/** Equity against buy and hold, with the drawdown below; exact for `buckets` pixels of width. */
export function equityPlot(model: ReportModel, buckets: number): TimePlot {
  const { curve, analysis } = model;
  const kept = mergeIndices(...[curve.equity, analysis.benchmark, analysis.underwaterPct].map((values) => m4Indices(values, buckets)));
  const pick = (values: Float64Array) => Float64Array.from(kept, (i) => values[i]!);
  const { equity, drawdown, benchmarkPct } = analysis;
  const hasHold = benchmarkPct !== null;
  const deepest = drawdown.deepest
    ? `, deepest drawdown ${percent(drawdown.deepest.depthPct)} on ${date(drawdown.deepest.troughTime)}`
    : "";
  const hold = hasHold ? `; buy and hold ${signedPercent(benchmarkPct)}` : "";
  const holdLine = { kind: "line", keys: ["hold"], style: "hold" } as const;
  return {
    id: "equity",
    summary: `Equity from ${money(equity.start)} to ${money(equity.end)} ${model.currency}, ${signedPercent(equity.returnPct)}${deepest}${hold}.`,
    time: pick(curve.time),
    series: { equity: pick(curve.equity), ...(hasHold ? { hold: pick(analysis.benchmark) } : {}), under: pick(analysis.underwaterPct) },
    panels: [
      {
        layers: [
          { kind: "area", keys: ["equity"], style: "equity" },
          ...(hasHold ? [holdLine] : []),
          { kind: "line", keys: ["equity"], style: "equity" },
        ],
        unit: "amount",
        height: 280,
        base: null,
      },
      {
        layers: [
          { kind: "area", keys: ["under"], style: "under" },
          { kind: "line", keys: ["under"], style: "under" },
        ],
        unit: "percent",
        height: 110,
        base: 0,
      },
    ],
    legend: [
      { key: "equity", name: "Equity", style: "equity", unit: "amount" },
      ...(hasHold ? [{ key: "hold", name: "Buy and hold", style: "hold", unit: "amount" } as const] : []),
      { key: "under", name: "Drawdown", style: "under", unit: "percent" },
    ],
    marks: null,
    canLog: true,
  };
}

import type { CandleColumns } from "../domain/candle.ts";
import { activity } from "./activity.ts";
import { benchmarkReturnPct, buyAndHold } from "./benchmark.ts";
import { cautions, type Caution } from "./cautions.ts";
import { costBreakdown } from "./costs.ts";
import { dailyEquity, type DayOf, type EquityCurve } from "./curve.ts";
import { drawdownStats, underwaterPct } from "./drawdown.ts";
import type { Figures } from "./figures.ts";
import type { FillRecord, FlowRecord } from "./fills.ts";
import type { DataGaps } from "./gaps.ts";
import { instrumentStats } from "./instruments.ts";
import { monthlyReturns } from "./monthly.ts";
import { riskRatios } from "./ratios.ts";
import { equityStats } from "./returns.ts";
import { tradeStats } from "./trades.ts";
import { roundTrips } from "./trips.ts";

/** What a run leaves behind for its analysis. */
export interface AnalysisInput {
  readonly curve: EquityCurve;
  readonly fills: readonly FillRecord[];
  readonly flows: readonly FlowRecord[];
  /** By instrument, on the finest timeframe. */
  readonly candles: ReadonlyMap<string, CandleColumns>;
  readonly gaps: readonly DataGaps[];
  /** Trading day of a close; the UTC day unless given. */
  readonly dayOf?: DayOf;
}

export interface Analysis extends Figures {
  readonly cautions: readonly Caution[];
  /** Buy and hold from the same start, and percent below the running peak; aligned with the curve. */
  readonly benchmark: Float64Array;
  readonly underwaterPct: Float64Array;
}

/** Measures a run. Pure; the same input gives the same figures. */
export function analyse(input: AnalysisInput): Analysis {
  const { curve, fills, flows, candles, gaps } = input;
  const daily = dailyEquity(curve, input.dayOf);
  const equity = equityStats(curve);
  const drawdown = drawdownStats(curve);
  const trips = roundTrips(fills, flows, candles);
  const benchmark = buyAndHold(curve.time, equity.start, [...candles.values()]);
  const figures: Figures = {
    equity,
    drawdown,
    ratios: riskRatios(daily, drawdown.deepest?.depthPct ?? 0),
    trades: tradeStats(trips.closed),
    activity: activity(curve, fills),
    costs: costBreakdown(fills, flows),
    monthly: monthlyReturns(daily, equity.start),
    instruments: instrumentStats(trips.closed, fills, flows, candles),
    benchmarkPct: candles.size > 0 ? benchmarkReturnPct(benchmark) : null,
    trips,
    gaps,
  };
  return { ...figures, cautions: cautions(figures), benchmark, underwaterPct: underwaterPct(curve.equity) };
}

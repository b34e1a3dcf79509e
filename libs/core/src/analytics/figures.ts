import type { Activity } from "./activity.ts";
import type { CostBreakdown } from "./costs.ts";
import type { DrawdownStats } from "./drawdown.ts";
import type { DataGaps } from "./gaps.ts";
import type { InstrumentStats } from "./instruments.ts";
import type { YearReturns } from "./monthly.ts";
import type { RiskRatios } from "./ratios.ts";
import type { EquityStats } from "./returns.ts";
import type { TradeStats } from "./trades.ts";
import type { RoundTrips } from "./trips.ts";

/** Every figure of a run. Percentages end in Pct, times are ms, undefined ratios are null. */
export interface Figures {
  readonly equity: EquityStats;
  readonly drawdown: DrawdownStats;
  readonly ratios: RiskRatios;
  readonly trades: TradeStats;
  readonly activity: Activity;
  readonly costs: CostBreakdown;
  readonly monthly: readonly YearReturns[];
  readonly instruments: readonly InstrumentStats[];
  readonly benchmarkPct: number | null;
  readonly trips: RoundTrips;
  readonly gaps: readonly DataGaps[];
}

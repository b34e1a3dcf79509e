import type { CandleColumns } from "../domain/candle.ts";
import { buyAndHold, benchmarkReturnPct } from "./benchmark.ts";
import { costBreakdown, type CostBreakdown } from "./costs.ts";
import type { FillRecord, FlowRecord } from "./fills.ts";
import { tradeStats, type TradeStats } from "./trades.ts";
import type { RoundTrip } from "./trips.ts";

/** One instrument's part in a run. */
export interface InstrumentStats {
  readonly instrument: string;
  /** Of its closed round trips, net of costs, settle currency. */
  readonly pnl: number;
  readonly trades: TradeStats;
  readonly costs: CostBreakdown;
  /** Buying it at the first close and holding to the last. */
  readonly holdReturnPct: number | null;
}

/** Breaks a run down by instrument, best result first; instruments with candles but without fills are listed too. */
export function instrumentStats(
  trips: readonly RoundTrip[],
  fills: readonly FillRecord[],
  flows: readonly FlowRecord[],
  candles: ReadonlyMap<string, CandleColumns>,
): InstrumentStats[] {
  const names = new Set([...candles.keys(), ...fills.map((fill) => fill.instrument)]);
  const of = <T extends { readonly instrument: string }>(records: readonly T[], name: string) =>
    records.filter((one) => one.instrument === name);
  const stats = [...names].map((instrument): InstrumentStats => {
    const own = of(trips, instrument);
    const columns = candles.get(instrument);
    return {
      instrument,
      pnl: own.reduce((sum, trip) => sum + trip.pnl, 0),
      trades: tradeStats(own),
      costs: costBreakdown(of(fills, instrument), of(flows, instrument)),
      holdReturnPct: columns ? benchmarkReturnPct(buyAndHold(columns.closeTime, 1, [columns])) : null,
    };
  });
  return stats.sort((a, b) => b.pnl - a.pnl || (a.instrument < b.instrument ? -1 : 1));
}

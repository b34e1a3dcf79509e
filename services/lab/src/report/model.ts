import type { Analysis, CandleColumns, EquityCurve, FillRecord } from "@tradewind/core";

/** Everything that a report shows. Plain data; the page is a function of it alone. */
export interface ReportModel {
  readonly variant: string;
  readonly strategy: string;
  readonly broker: string;
  readonly timeframe: string;
  /** Account currency of every amount. */
  readonly currency: string;
  readonly configHash: string;
  readonly ledgerHash: string;
  readonly curve: EquityCurve;
  readonly analysis: Analysis;
  /** By instrument; the ones that get a price plot, the first being open. */
  readonly candles: ReadonlyMap<string, CandleColumns>;
  readonly fills: readonly FillRecord[];
}

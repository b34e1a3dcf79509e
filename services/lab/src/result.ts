import {
  analyse,
  calendarNamed,
  fillRecords,
  flowRecords,
  type Analysis,
  type CandleColumns,
  type FillRecord,
  type Instrument,
} from "@tradewind/core";
import type { LoadedVariant } from "@tradewind/config";
import type { BacktestRun } from "./backtest.ts";
import type { MarketData } from "@tradewind/store";

/**
 * What a backtest prints. Money is in the account currency, to 1e-12 and 15 digits; percentages end in _pct and are, like the ratios,
 * to 1e-10, so that no float noise shows. What is undefined (no trades, no variance) is null.
 */
export interface BacktestResult {
  readonly variant: string;
  readonly strategy: string;
  readonly broker: string;
  readonly symbols: readonly string[];
  readonly timeframe: string;
  readonly currency: string;
  readonly clock: "events";
  readonly config_hash: string;
  /** Open of the first candle. */
  readonly from: string;
  /** Close of the last one. */
  readonly to: string;
  readonly candles: number;
  readonly orders: number;
  readonly fills: number;
  readonly trades: number;
  readonly open_positions: number;
  readonly start_equity: number;
  readonly final_equity: number;
  readonly return_pct: number | null;
  readonly buy_hold_return_pct: number | null;
  readonly cagr_pct: number | null;
  readonly volatility_pct: number | null;
  readonly max_drawdown_pct: number;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly calmar: number | null;
  readonly win_rate_pct: number | null;
  readonly profit_factor: number | null;
  readonly expectancy: number | null;
  readonly best_trade_pct: number | null;
  readonly worst_trade_pct: number | null;
  readonly fees: number;
  readonly funding: number;
  readonly exposure_pct: number;
  readonly turnover: number | null;
  readonly denials: Readonly<Record<string, number>>;
  /** Orders that the venue rejected, by its reason. */
  readonly rejections: Readonly<Record<string, number>>;
  readonly cautions: readonly string[];
  readonly notices: readonly string[];
  readonly ledger_hash: string;
  readonly candles_per_second: number;
}

export interface Measured {
  readonly result: BacktestResult;
  readonly analysis: Analysis;
  readonly fills: readonly FillRecord[];
  readonly candles: ReadonlyMap<string, CandleColumns>;
}

/** Measures a run. `notices` are what the person should know beside the figures. */
export function measure(variant: LoadedVariant, data: MarketData, run: BacktestRun, notices: readonly string[]): Measured {
  const { plan } = variant;
  const instruments = new Map<string, Instrument>(plan.instruments.map((instrument) => [instrument.id, instrument]));
  const candles = new Map(data.columns.map((columns) => [columns.instrument, columns]));
  const calendar = calendarNamed(plan.instruments[0]!.calendar);
  const fills = fillRecords(run.ledger.entries, instruments);
  const analysis = analyse({
    curve: run.curve,
    fills,
    flows: flowRecords(run.ledger.entries),
    candles,
    gaps: data.gaps,
    dayOf: (closeTime) => calendar.sessionStart(closeTime - 1),
  });
  return { result: summarise(variant, data, run, analysis, notices), analysis, fills, candles };
}

function summarise(
  variant: LoadedVariant,
  data: MarketData,
  run: BacktestRun,
  analysis: Analysis,
  notices: readonly string[],
): BacktestResult {
  const { plan } = variant;
  const { equity, drawdown, ratios, trades, activity, costs, trips } = analysis;
  const { time } = run.curve;
  return {
    variant: plan.id,
    strategy: plan.members.map((member) => member.source).join(" + "),
    broker: plan.broker,
    symbols: plan.instruments.map((instrument) => instrument.symbol),
    timeframe: plan.timeframe,
    currency: plan.account.currency,
    clock: "events",
    config_hash: variant.configHash,
    from: iso(time.length === 0 ? undefined : Math.min(...data.columns.map((columns) => columns.openTime[0] ?? Infinity))),
    to: iso(time[time.length - 1]),
    candles: run.candles,
    orders: run.ledger.orders,
    fills: run.ledger.fills,
    trades: trades.count,
    open_positions: trips.open.length,
    start_equity: money(equity.start),
    final_equity: money(equity.end),
    return_pct: figure(equity.returnPct),
    buy_hold_return_pct: figure(analysis.benchmarkPct),
    cagr_pct: figure(equity.cagrPct),
    volatility_pct: figure(ratios.volatilityPct),
    max_drawdown_pct: rounded(drawdown.deepest?.depthPct ?? 0, 10),
    sharpe: figure(ratios.sharpe),
    sortino: figure(ratios.sortino),
    calmar: figure(ratios.calmar),
    win_rate_pct: figure(trades.winRatePct),
    profit_factor: figure(trades.profitFactor),
    expectancy: trades.expectancy === null ? null : money(trades.expectancy),
    best_trade_pct: figure(trades.bestPct),
    worst_trade_pct: figure(trades.worstPct),
    fees: money(costs.makerFees + costs.takerFees),
    funding: money(costs.fundingReceived - costs.fundingPaid),
    exposure_pct: rounded(activity.timeInMarketPct, 10),
    turnover: figure(activity.turnover),
    denials: sorted(run.ledger.denials),
    rejections: sorted(run.ledger.rejections),
    cautions: analysis.cautions.map((caution) => `${caution.code}: ${caution.detail}`),
    notices,
    ledger_hash: run.ledger.digest(),
    candles_per_second: Math.round(run.candles / Math.max(run.elapsedMs / 1000, 1e-9)),
  };
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function iso(time: number | undefined): string {
  return time === undefined ? "" : new Date(time).toISOString();
}

function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

function money(value: number): number {
  return rounded(Number(value.toPrecision(15)), 12);
}

function figure(value: number | null): number | null {
  return value === null ? null : rounded(value, 10);
}

import { DAY_MS } from "../market/civil.ts";
import type { Figures } from "./figures.ts";

/** A reason to trust a result less. `code` is stable; `detail` is a sentence with the numbers. */
export interface Caution {
  readonly code:
    | "FEW_TRADES"
    | "ONE_TRADE"
    | "LOW_EXPOSURE"
    | "FLAT_EQUITY"
    | "DATA_GAPS"
    | "PROFIT_BELOW_COSTS"
    | "BELOW_HOLD"
    | "SHORT_PERIOD"
    | "OPEN_POSITION"
    | "LIQUIDATED"
    | "ACCOUNT_LOST"
    | "TOO_GOOD";
  readonly detail: string;
}

/** Below this many trades an average says little: the standard error of a win rate is still 9 points. */
const FEW_TRADES = 30;
const SHORT_DAYS = 90;
/** What 90 days hold at least where weekends are not traded. */
const SHORT_TRADING_DAYS = 60;
/** Above what published, live, diversified strategies hold over years; usually look-ahead or missing costs. */
const SHARPE_TOO_GOOD = 3;

type Check = (figures: Figures) => Caution | undefined;

const checks: readonly Check[] = [
  ({ equity }) =>
    when(equity.low <= 0 && equity.durationMs > 0, "ACCOUNT_LOST", `Equity fell to ${amount(equity.low)}: the account was lost.`),
  ({ trips }) => {
    const count = trips.closed.filter((trip) => trip.exitLeg === "liquidation").length;
    return when(count > 0, "LIQUIDATED", `The venue liquidated ${count} ${plural(count, "position")}.`);
  },
  ({ equity }) => when(equity.peak === equity.low, "FLAT_EQUITY", "Equity never moved: nothing was traded, or nothing was marked."),
  ({ trades }) =>
    when(
      trades.count < FEW_TRADES,
      "FEW_TRADES",
      `${trades.count} closed ${plural(trades.count, "trade")}: fewer than ${FEW_TRADES} prove little.`,
    ),
  oneTrade,
  profitBelowCosts,
  ({ equity, benchmarkPct }) =>
    when(
      equity.returnPct !== null && benchmarkPct !== null && equity.returnPct < benchmarkPct,
      "BELOW_HOLD",
      `Buying and holding made ${percent(benchmarkPct ?? 0)} against ${percent(equity.returnPct ?? 0)} here.`,
    ),
  ({ ratios }) =>
    when(
      (ratios.sharpe ?? 0) > SHARPE_TOO_GOOD,
      "TOO_GOOD",
      `A Sharpe ratio of ${(ratios.sharpe ?? 0).toFixed(2)} is rarely real: look for look-ahead and missing costs.`,
    ),
  ({ activity }) =>
    when(
      activity.timeInMarketPct < 1 && activity.fills > 0,
      "LOW_EXPOSURE",
      `A position was held on ${percent(activity.timeInMarketPct)} of closes only.`,
    ),
  ({ equity, ratios }) =>
    when(
      equity.durationMs < SHORT_DAYS * DAY_MS || ratios.days < SHORT_TRADING_DAYS,
      "SHORT_PERIOD",
      `${ratios.days} trading days of data within ${(equity.durationMs / DAY_MS).toFixed(1)} days: annualised figures say nothing of so few.`,
    ),
  ({ trips }) =>
    when(
      trips.open.length > 0,
      "OPEN_POSITION",
      `${trips.open.length} ${plural(trips.open.length, "position")} still open at the end: in equity, not in the trades.`,
    ),
  ({ gaps }) => {
    const total = gaps.reduce((sum, one) => sum + one.gaps, 0);
    const bars = gaps.reduce((sum, one) => sum + one.bars, 0);
    const where = gaps.map((one) => one.instrument).join(", ");
    return when(total > 0, "DATA_GAPS", `${bars} ${plural(bars, "candle")} missing in ${total} ${plural(total, "gap")}: ${where}.`);
  },
];

/** Everything about a result that a reader should know before believing it, most serious first. */
export function cautions(figures: Figures): Caution[] {
  return checks.flatMap((check) => check(figures) ?? []);
}

function oneTrade({ trips, trades }: Figures): Caution | undefined {
  const total = trips.closed.reduce((sum, trip) => sum + trip.pnl, 0);
  const best = trips.closed.reduce((most, trip) => Math.max(most, trip.pnl), 0);
  if (trades.count < 2 || total <= 0 || best <= total / 2) return undefined;
  return { code: "ONE_TRADE", detail: `One trade made ${percent((best / total) * 100)} of the profit.` };
}

function profitBelowCosts({ equity, costs }: Figures): Caution | undefined {
  const detail = `The profit of ${amount(equity.netProfit)} is less than the costs of ${amount(costs.total)}: small errors in costs undo it.`;
  return when(equity.netProfit > 0 && equity.netProfit < costs.total, "PROFIT_BELOW_COSTS", detail);
}

function when(holds: boolean, code: Caution["code"], detail: string): Caution | undefined {
  return holds ? { code, detail } : undefined;
}

function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}

function amount(value: number): string {
  return value.toFixed(2);
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}

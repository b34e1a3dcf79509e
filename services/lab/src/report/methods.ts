import type { Analysis } from "@tradewind/core";
import { date, duration, fixed, percent, ratioText, renderList, signedPercent, type Html } from "@tradewind/plots";

/** Figures beside the cards, each with its definition. */
export function renderMethods({ equity, ratios, drawdown, trades, activity, benchmarkPct }: Analysis): Html {
  const { deepest, longest } = drawdown;
  const rows: readonly (readonly [string, string, string])[] = [
    ["Annual return", signedPercent(ratios.annualReturnPct), `geometric mean of daily returns over ${ratios.daysPerYear} days`],
    ["Volatility", percent(ratios.volatilityPct), "of compounded daily returns, annual"],
    ["Sharpe", ratioText(ratios.sharpe), "annual return / volatility, risk-free rate 0"],
    ["Sortino", ratioText(ratios.sortino), "annual return / downside deviation"],
    ["Calmar", ratioText(ratios.calmar), "annual return / deepest drawdown"],
    ["Buy and hold", signedPercent(benchmarkPct), "equal parts at the first close, no costs"],
    ["Deepest drawdown", percent(deepest?.depthPct ?? 0), deepest ? `${date(deepest.peakTime)} to ${date(deepest.troughTime)}` : "none"],
    [
      "Longest drawdown",
      longest ? duration(longest.durationMs) : "none",
      longest ? `${date(longest.peakTime)} to ${longest.recoveryTime === null ? "the end" : date(longest.recoveryTime)}` : "",
    ],
    ["Under water", percent(drawdown.underwaterPct, 1), "share of closes below an earlier peak"],
    ["Best, worst trade", `${signedPercent(trades.bestPct)}, ${signedPercent(trades.worstPct)}`, "net result / entry value"],
    ["Profit factor", ratioText(trades.profitFactor), "sum of winning / losing trade returns"],
    ["Streaks", `${trades.longestWinningStreak} won, ${trades.longestLosingStreak} lost`, "longest in a row"],
    ["Turnover", activity.turnover === null ? "\u2013" : `${fixed(activity.turnover, 1)}\u00a0x`, "traded value / mean equity"],
    ["Length", duration(equity.durationMs), "first to last close"],
  ];
  return renderList(rows);
}

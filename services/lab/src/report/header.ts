import {
  brand,
  date,
  duration,
  fixed,
  html,
  money,
  NONE,
  percent,
  plural,
  ratioText,
  renderKeyFigures,
  signedMoney,
  signedPercent,
  tone,
  type Figure,
  type Html,
} from "@tradewind/plots";
import type { ReportModel } from "./model.ts";

/** Name, period, result at a glance and the hashes that identify the run. */
export function renderHeader(model: ReportModel): Html {
  const { curve, analysis } = model;
  const { equity, benchmarkPct } = analysis;
  const from = curve.time[0];
  const to = curve.time[curve.time.length - 1];
  const period = from === undefined || to === undefined ? "no data" : `${date(from)} to ${date(to)}`;
  const instruments = [...model.candles.keys()];
  const shown = instruments.length > 4 ? [...instruments.slice(0, 4), `and ${instruments.length - 4} more`] : instruments;
  const against = benchmarkPct === null ? "" : html` · buy and hold <b class="${tone(benchmarkPct)}">${signedPercent(benchmarkPct, 1)}</b>`;
  return html`<header>
${brand("backtest report")}
<div class="title"><div><h1>${model.variant}</h1>
<p class="facts">${[model.strategy, shown.join(", "), model.timeframe, model.broker].filter((one) => one !== "").join(" · ")}</p>
<p class="facts">${period}${equity.durationMs > 0 ? ` (${duration(equity.durationMs)})` : ""}</p></div>
<p class="verdict"><b class="${tone(equity.returnPct)}">${signedPercent(equity.returnPct, 1)}</b>
<span>${money(equity.start)} → ${money(equity.end)} ${model.currency}${against}</span></p></div>
<dl class="hashes"><div><dt>config</dt><dd><code>${model.configHash}</code></dd></div><div><dt>ledger</dt><dd><code>${model.ledgerHash}</code></dd></div></dl>
</header>
`;
}

/** The key figures. */
export function renderCards(model: ReportModel): Html {
  return renderKeyFigures(keyFigures(model));
}

function keyFigures({ analysis, currency }: ReportModel): Figure[] {
  const { equity, ratios, drawdown, trades, activity, costs } = analysis;
  const deepest = drawdown.deepest;
  const plain = "flat";
  return [
    { name: "Net profit", value: signedMoney(equity.netProfit), note: currency, tone: tone(equity.netProfit) },
    {
      name: "Growth per year",
      value: signedPercent(equity.cagrPct, 1),
      note: `volatility ${percent(ratios.volatilityPct, 1)}`,
      tone: tone(equity.cagrPct),
    },
    {
      name: "Sharpe",
      value: ratioText(ratios.sharpe),
      note: `Sortino ${ratioText(ratios.sortino)} · Calmar ${ratioText(ratios.calmar)}`,
      tone: plain,
    },
    {
      name: "Max drawdown",
      value: deepest ? percent(deepest.depthPct, 1) : percent(0, 1),
      note: deepest
        ? `${duration(deepest.durationMs)}${deepest.recoveryTime === null ? ", not recovered" : " to recover"}`
        : "never below a peak",
      tone: deepest ? "down" : plain,
    },
    { name: "Trades", value: fixed(trades.count, 0), note: `held ${duration(trades.averageHoldMs)} on average`, tone: plain },
    { name: "Win rate", value: percent(trades.winRatePct, 1), note: `longest losing streak ${trades.longestLosingStreak}`, tone: plain },
    {
      name: "Profit factor",
      value: ratioText(trades.profitFactor),
      note: `win ${signedPercent(trades.averageWinPct)} · loss ${signedPercent(trades.averageLossPct)}`,
      tone: plain,
    },
    {
      name: "Expectancy",
      value: signedPercent(trades.expectancyPct),
      note: `${signedMoney(trades.expectancy)} per trade`,
      tone: tone(trades.expectancyPct),
    },
    {
      name: "Time in market",
      value: percent(activity.timeInMarketPct, 1),
      note: `exposure ${percent(activity.averageExposurePct, 0)} mean, ${percent(activity.peakExposurePct, 0)} peak`,
      tone: plain,
    },
    {
      name: "Costs",
      value: money(costs.total),
      note: costs.costBps === null ? NONE : `${fixed(costs.costBps, 1)} bps of ${plural(activity.fills, "fill")}`,
      tone: plain,
    },
  ];
}

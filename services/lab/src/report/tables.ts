import type { Analysis, InstrumentStats, YearReturns } from "@tradewind/core";
import { fixed, html, money, percent, ratioText, signedMoney, signedPercent, tone, type Html } from "@tradewind/plots";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Month by year as a heat map; the number and its sign say the same as the colour. */
export function renderMonthly(years: readonly YearReturns[]): Html {
  const months = years.flatMap((year) => year.monthsPct.filter((value) => value !== null));
  const strongest = months.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  const cell = (value: number | null, label: string) =>
    value === null
      ? html`<td class="none"></td>`
      : html`<td class="heat ${tone(value)}" style="--heat:${Math.round(Math.sqrt(Math.abs(value) / strongest) * 62)}%" title="${label}">${fixed(value, 1)}</td>`;
  const rows = years.map(
    ({
      year,
      monthsPct,
      totalPct,
    }) => html`<tr><th scope="row">${year}</th>${monthsPct.map((value, i) => cell(value, `${MONTHS[i]} ${year}: ${signedPercent(value)}`))}
<td class="total ${tone(totalPct)}">${signedPercent(totalPct, 1)}</td></tr>
`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Monthly returns"><table class="months"><caption>Returns by month in percent, UTC</caption><thead><tr><th scope="col">Year</th>
${MONTHS.map((month) => html`<th scope="col">${month}</th>`)}<th scope="col">Total</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** From realised profit to net, cost by cost. */
export function renderCosts(analysis: Analysis, currency: string): Html {
  const { costs, equity } = analysis;
  const open = equity.netProfit - (costs.realizedGross - costs.total + costs.dividends);
  const lines: readonly (readonly [string, number])[] = [
    ["Trading, before costs", costs.realizedGross],
    ["Taker fees", -costs.takerFees],
    ["Maker fees", -costs.makerFees],
    ["Funding paid", -costs.fundingPaid],
    ["Funding received", costs.fundingReceived],
    ["Dividends", costs.dividends],
    ["Positions still open", Math.abs(open) > 1e-9 * Math.max(equity.peak, 1e-9) ? open : 0],
    ["Net profit", equity.netProfit],
  ];
  const shown = lines.filter(([, amount], i) => amount !== 0 || i === 0 || i === lines.length - 1);
  const most = shown.reduce((size, [, amount]) => Math.max(size, Math.abs(amount)), 1e-12);
  const rows = shown.map(
    ([name, amount]) => html`<tr><th scope="row">${name}</th><td class="${tone(amount)}">${signedMoney(amount)}</td>
<td class="bar" aria-hidden="true"><i class="${tone(amount)}" style="width:${((Math.abs(amount) / most) * 100).toFixed(1)}%"></i></td></tr>
`,
  );
  return html`<table class="costs"><caption>From trading to net profit, ${currency}. Spread and slippage are in the fill prices.</caption>
<thead><tr><th scope="col">Part</th><th scope="col">Amount</th><th scope="col"><span class="unseen">Share</span></th></tr></thead><tbody>${rows}</tbody></table>`;
}

/** One row per instrument, best first. */
export function renderInstruments(stats: readonly InstrumentStats[], currency: string): Html {
  const rows = stats.map(
    (
      one,
    ) => html`<tr><th scope="row">${one.instrument}</th><td class="${tone(one.pnl)}">${signedMoney(one.pnl)}</td><td>${one.trades.count}</td>
<td>${percent(one.trades.winRatePct, 1)}</td><td>${ratioText(one.trades.profitFactor)}</td><td>${signedPercent(one.trades.expectancyPct)}</td>
<td>${money(one.costs.total)}</td><td>${signedPercent(one.holdReturnPct, 1)}</td></tr>
`,
  );
  const heads = ["Instrument", `Net ${currency}`, "Trades", "Win rate", "Profit factor", "Per trade", "Costs", "Buy and hold"];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Results by instrument"><table class="rows"><caption class="unseen">Results by instrument</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

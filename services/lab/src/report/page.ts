import {
  html,
  plotData,
  raw,
  renderCautions,
  renderHistogram,
  renderPage,
  renderTimePlot,
  scriptJson,
  section,
  type Html,
} from "@tradewind/plots";
import { script, styleSheet } from "./assets.ts";
import { renderCards, renderHeader } from "./header.ts";
import { renderMethods } from "./methods.ts";
import type { ReportModel } from "./model.ts";
import { equityPlot } from "./plots/equity.ts";
import { pricePlot } from "./plots/price.ts";
import { renderScatter } from "./plots/scatter.ts";
import { renderCosts, renderInstruments, renderMonthly } from "./tables.ts";
import { renderTrades, tradeData } from "./trades.ts";

/** Instruments that get a price plot. */
const PRICE_PLOTS = 8;
/** Columns that a plot is drawn with, and those carried for zooming in; what keeps the page below about 1.5 MB. */
const DRAWN = 500;
const EQUITY_CARRIED = 900;
const PRICE_CARRIED = 12_000;
/** Columns for the markers of fills, over all price plots. */
const MARK_COLUMNS = 1200;

/** Marker shapes in three sizes: entries as triangles, exits as dots; profit is full, loss is hollow. */
const SHAPES = html`<svg class="shapes" aria-hidden="true" width="0" height="0"><defs>${[
  shapes("", 6, 10, 4),
  shapes("s", 3.2, 5.5, 2.2),
  shapes("t", 1.8, 3, 1.1),
]}<circle id="dotW" class="win" r="3.5"/><circle id="dotX" class="loss" r="3.5"/></defs></svg>`;

function shapes(size: string, half: number, height: number, radius: number): Html {
  return html`<path id="markL${size}" class="enter long" d="M0 0L${half} ${height}H-${half}Z"/><path id="markS${size}" class="enter short" d="M0 0L${half} -${height}H-${half}Z"/>
<circle id="markW${size}" class="win" r="${radius}"/><circle id="markX${size}" class="loss" r="${radius}"/>`;
}

/**
 * A backtest as one self-contained HTML page: no request leaves it (its content security policy forbids any), it is
 * complete without scripts, and the same model gives the same bytes.
 */
export function renderReport(model: ReportModel): string {
  const { analysis, currency } = model;
  const { trips, trades } = analysis;
  const equity = equityPlot(model, DRAWN);
  const drawn = [...model.candles.values()].filter((columns) => columns.length > 0).slice(0, PRICE_PLOTS);
  const carried = Math.min(6000, Math.floor(PRICE_CARRIED / Math.max(1, drawn.length)));
  const markColumns = Math.min(600, Math.floor(MARK_COLUMNS / Math.max(1, drawn.length)));
  const price = (buckets: number) => drawn.map((columns, i) => pricePlot(`price${i}`, columns, model.fills, buckets, markColumns));
  const data = {
    plots: [equityPlot(model, EQUITY_CARRIED), ...price(carried)].map(plotData),
    prices: drawn.map((columns) => columns.instrument),
    trades: tradeData(trips.closed),
  };
  const body = html`${SHAPES}<main>
${renderHeader(model)}${renderCautions(analysis.cautions)}${renderCards(model)}
${section("Equity", renderTimePlot(equity))}
${drawn.length > 0 ? section("Price and fills", html`${price(DRAWN).map((plot, i) => priceFigure(drawn[i]!.instrument, renderTimePlot(plot), i === 0))}${drawnNote(model, drawn.length)}`) : ""}
${section("Monthly returns", renderMonthly(analysis.monthly))}
<div class="pair">${section(
    "Trade returns",
    renderHistogram(
      trips.closed.map((trip) => trip.returnPct),
      trades.expectancyPct,
      { item: "trade", value: "trade return", empty: "No closed trades." },
    ),
  )}
${section("Worst against best move", renderScatter(trips.closed))}</div>
${section("Costs", renderCosts(analysis, currency))}
${section("Instruments", renderInstruments(analysis.instruments, currency))}
${section("Trades", renderTrades(trips.closed, currency))}
${section("All figures", renderMethods(analysis))}
<footer>Past results say little about future ones. Ledger <code>${model.ledgerHash.slice(0, 16)}</code>, config <code>${model.configHash.slice(0, 16)}</code>.</footer>
</main><script type="application/json" id="data">${scriptJson(data)}</script>`;
  return renderPage({ title: `${model.variant} · backtest`, body, style: styleSheet, script });
}

function priceFigure(name: string, figure: Html, open: boolean): Html {
  return html`<details${open ? raw(" open") : ""}><summary>${name}</summary>${figure}</details>
`;
}

function drawnNote(model: ReportModel, drawn: number): Html {
  const more = model.candles.size - drawn;
  const shapes = [
    ["L", -5, "long entry"],
    ["S", 5, "short entry"],
    ["W", 0, "exit with profit"],
    ["X", 0, "exit with loss"],
  ] as const;
  const keys = shapes.map(
    ([kind, y, name]) => html`<span><svg viewBox="-8 -8 16 16" aria-hidden="true"><use href="#mark${kind}" y="${y}"/></svg>${name}</span>`,
  );
  return html`<p class="marklegend">${keys}${more > 0 ? html`<span>${more} more without a plot</span>` : ""}</p>`;
}

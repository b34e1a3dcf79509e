import { html, join, raw, type Html } from "./html.ts";
import { markUses, readout, timeAxis, valueAxis, type Marks } from "./axes.ts";
import { layerPath, panelView, type Panel, type Series } from "./geometry.ts";

/** A legend entry: the series it reads out, its name and the CSS class of its swatch. */
export interface LegendItem {
  readonly key: string;
  readonly name: string;
  readonly style: string;
  readonly unit: Panel["unit"];
}

/** One figure over time: panels above each other that share the time axis. */
export interface TimePlot {
  readonly id: string;
  /** Says what the plot shows to who cannot see it. */
  readonly summary: string;
  readonly time: Float64Array;
  readonly series: Series;
  readonly panels: readonly Panel[];
  readonly legend: readonly LegendItem[];
  /** On the first panel. */
  readonly marks: Marks | null;
  readonly canLog: boolean;
}

const TIME_TICKS = 8;

/** The figure as static markup: complete without scripts; the page's script makes it zoom and read out. */
export function renderTimePlot(plot: TimePlot): Html {
  const from = plot.time[0] ?? 0;
  const to = plot.time[plot.time.length - 1] ?? 1;
  const panels = plot.panels.map((panel, i) => renderPanel(plot, panel, i, from, to));
  const logButton = plot.canLog ? html`<button type="button" data-log aria-pressed="false">Log</button>` : "";
  return html`<figure class="plot" data-plot="${plot.id}">
<figcaption><span class="legend">${plot.legend.map((item) => legendItem(plot, item))}</span>
<span class="tools" hidden>${logButton}<span class="ranges"></span></span></figcaption>
<div class="stage" tabindex="0" role="group" aria-label="${plot.summary} Arrow keys move the reading, plus and minus zoom, Escape shows all.">
${panels}<div class="times">${raw(timeAxis(from, to, TIME_TICKS))}</div>
<div class="cross" hidden><b></b></div><div class="brush" hidden></div></div>
</figure>
`;
}

function renderPanel(plot: TimePlot, panel: Panel, index: number, from: number, to: number): Html {
  const view = panelView(panel, plot.time, plot.series, from, to, false);
  const paths = panel.layers.map((layer) => {
    const path = raw(layerPath(view, panel, layer, plot.time, plot.series));
    return html`<path class="${layer.kind} ${layer.style}" d="${path}"/>`;
  });
  const marks = index === 0 && plot.marks ? html`<svg class="marks" aria-hidden="true">${raw(markUses(view, plot.marks))}</svg>` : "";
  return html`<div class="panel" style="height:${panel.height}px"><div class="values">${raw(valueAxis(view, panel))}</div>
<svg class="lines" viewBox="0 0 1000 ${panel.height}" preserveAspectRatio="none" role="img" aria-label="${index === 0 ? plot.summary : plot.legend[plot.legend.length - 1]!.name}">${join(paths)}</svg>${marks}</div>
`;
}

function legendItem(plot: TimePlot, item: LegendItem): Html {
  const values = plot.series[item.key] ?? [];
  const last = values.length > 0 ? readout(values[values.length - 1]!, item.unit) : "";
  return html`<span class="key"><i class="${item.style}"></i>${item.name} <b data-key="${item.key}" data-unit="${item.unit}">${last}</b></span>`;
}

/** What the script needs to redraw a plot: seconds from `origin` and float32 values, base64 of little-endian columns. */
export interface PlotData {
  readonly id: string;
  readonly origin: number;
  readonly time: string;
  readonly series: Readonly<Record<string, string>>;
  readonly panels: readonly Panel[];
  readonly marks: { readonly time: string; readonly price: string; readonly kind: string } | null;
}

export function plotData(plot: TimePlot): PlotData {
  const origin = plot.time[0] ?? 0;
  const seconds = (times: ArrayLike<number>) => base64(Uint32Array.from(times, (time) => Math.max(0, Math.round((time - origin) / 1000))));
  const series: Record<string, string> = {};
  for (const [key, values] of Object.entries(plot.series)) series[key] = base64(Float32Array.from(values));
  const { id, panels, marks } = plot;
  return {
    id,
    origin,
    time: seconds(plot.time),
    series,
    panels,
    marks: marks && { time: seconds(marks.time), price: base64(Float32Array.from(marks.price)), kind: marks.kind },
  };
}

function base64(column: Uint32Array | Float32Array): string {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString("base64");
}

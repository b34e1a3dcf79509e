import { fixed, percent, plural, signedPercent } from "./format.ts";
import { html, raw, type Html } from "./html.ts";
import { valueTicks } from "./geometry.ts";

/** One bar: values in [from, to). */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * Sorts values into about `count` bins of a round width, with an edge at zero. Tails beyond three times the inter-quartile
 * range from the median fall into the outermost bins, so that one outlier does not flatten the rest.
 */
export function binsOf(values: readonly number[], count: number): Bin[] {
  if (values.length === 0) return [];
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  const reach = 3 * (at(0.75) - at(0.25));
  const low = reach > 0 ? Math.max(sorted[0]!, at(0.5) - reach) : sorted[0]!;
  const high = reach > 0 ? Math.min(sorted[sorted.length - 1]!, at(0.5) + reach) : sorted[sorted.length - 1]!;
  const ticks = valueTicks(0, high - low || Math.abs(high) || 1, count);
  const step = (ticks[1] ?? ticks[0]! + 1) - ticks[0]!;
  const first = Math.floor(low / step);
  const last = Math.max(first, Math.ceil(high / step) - 1);
  const counts = Array.from({ length: last - first + 1 }, () => 0);
  for (const value of values) {
    const bin = Math.max(first, Math.min(last, Math.floor(value / step)));
    counts[bin - first] = counts[bin - first]! + 1;
  }
  return counts.map((one, i) => ({ from: (first + i) * step, to: (first + i + 1) * step, count: one }));
}

/** What a histogram counts. */
export interface Counted {
  /** One of them, as the tooltip of a bar counts it: "trade". */
  readonly item: string;
  /** Its value, as the summary counts it: "trade return". */
  readonly value: string;
  /** The sentence where there is none. */
  readonly empty: string;
}

/** Distribution of values in percent, losses and gains in their colours. */
export function renderHistogram(valuesPct: readonly number[], meanPct: number | null, counted: Counted): Html {
  const bins = binsOf(valuesPct, Math.max(5, Math.min(24, Math.round(2 * Math.sqrt(valuesPct.length)))));
  if (bins.length === 0) return html`<p class="empty">${counted.empty}</p>`;
  const top = bins.reduce((most, bin) => Math.max(most, bin.count), 1);
  const width = 1000 / bins.length;
  const bars = bins.map((bin, i) => {
    const height = (bin.count / top) * 190;
    const title = `${rangeText(bins, i)}: ${plural(bin.count, counted.item)}`;
    return html`<rect class="${bin.from < 0 ? "down" : "up"}" x="${(i * width + width * 0.06).toFixed(1)}" y="${(200 - height).toFixed(1)}" width="${(width * 0.88).toFixed(1)}" height="${height.toFixed(1)}"><title>${title}</title></rect>`;
  });
  const low = bins[0]!.from;
  const high = bins[bins.length - 1]!.to;
  const place = (value: number) => (((value - low) / (high - low)) * 100).toFixed(2);
  const labels = valueTicks(low, high, 6).map((value) =>
    raw(`<i style="left:${place(value)}%"><b>${fixed(value, decimalsOf(bins[0]!))}%</b></i>`),
  );
  const mean =
    meanPct !== null && meanPct > low && meanPct < high
      ? html`<div class="mean" style="left:${place(meanPct)}%"><b>mean ${signedPercent(meanPct)}</b></div>`
      : "";
  const summary = `Distribution of ${plural(valuesPct.length, counted.value)} from ${percent(low)} to ${percent(high)}.`;
  return html`<figure class="plot still"><div class="stage"><div class="panel" style="height:220px">
<svg class="lines" viewBox="0 0 1000 200" preserveAspectRatio="none" role="img" aria-label="${summary}">${bars}</svg>${mean}</div>
<div class="times">${labels}</div></div></figure>`;
}

/** The outermost bins hold the tails beyond them too. */
function rangeText(bins: readonly Bin[], i: number): string {
  const bin = bins[i]!;
  const [from, to] = [signedPercent(bin.from, decimalsOf(bin)), signedPercent(bin.to, decimalsOf(bin))];
  if (bins.length > 1 && i === 0) return `below ${to}`;
  return bins.length > 1 && i === bins.length - 1 ? `from ${from}` : `${from} to ${to}`;
}

function decimalsOf(bin: Bin): number {
  return Math.max(0, Math.min(4, -Math.floor(Math.log10(bin.to - bin.from) + 1e-9)));
}

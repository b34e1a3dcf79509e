import type { RoundTrip } from "@tradewind/core";
import { compact, html, plural, raw, signedPercent, valueTicks, type Html } from "@tradewind/plots";

/** Points drawn; of more trades, evenly spaced ones. */
const POINTS = 1500;
/** Points that carry their numbers as a tooltip. */
const TITLED = 400;

/** How far trades went against the position (across) and for it (up), in percent of the entry price. */
export function renderScatter(trips: readonly RoundTrip[]): Html {
  const known = trips.filter((trip) => trip.maePct !== null && trip.mfePct !== null);
  if (known.length === 0) return html`<p class="empty">No closed trades with candles.</p>`;
  const shown = known.length <= POINTS ? known : Array.from({ length: POINTS }, (_, i) => known[Math.floor((i * known.length) / POINTS)]!);
  const across = limit(known.map((trip) => -trip.maePct!));
  const up = limit(known.map((trip) => trip.mfePct!));
  const points = shown.map((trip) => {
    const x = Math.min(1, -trip.maePct! / across) * 100;
    const y = 100 - Math.min(1, trip.mfePct! / up) * 100;
    const title =
      shown.length <= TITLED
        ? html`<title>${`${trip.instrument} ${trip.direction}: ${signedPercent(trip.returnPct)} (worst ${signedPercent(trip.maePct)}, best ${signedPercent(trip.mfePct)})`}</title>`
        : "";
    return html`<use href="#dot${trip.pnl > 0 ? "W" : "X"}" x="${x.toFixed(2)}%" y="${y.toFixed(2)}%">${title}</use>`;
  });
  const values = valueTicks(0, up, 4).map((value) =>
    raw(`<i style="top:${(100 - (value / up) * 100).toFixed(2)}%"><b>${compact(value)}%</b></i>`),
  );
  const times = valueTicks(0, across, 4).map((value) =>
    raw(`<i style="left:${((value / across) * 100).toFixed(2)}%"><b>${value === 0 ? "0" : `\u2212${compact(value)}`}%</b></i>`),
  );
  const summary = `Worst against best move of ${plural(known.length, "trade")}, in percent of the entry price.`;
  return html`<figure class="plot still"><figcaption><span class="legend"><span class="key"><i class="win"></i>profit</span><span class="key"><i class="loss"></i>loss</span></span></figcaption>
<div class="stage"><div class="panel" style="height:220px"><div class="values">${values}</div>
<svg class="marks" role="img" aria-label="${summary}">${points}</svg></div><div class="times">${times}</div></div></figure>`;
}

/** Axis end: the largest value, or one and a half times the 95th percentile where the largest lies far outside. */
function limit(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const largest = sorted[sorted.length - 1]!;
  const usual = sorted[Math.floor(0.95 * (sorted.length - 1))]! * 1.5;
  return (largest > 2 * usual && usual > 0 ? usual : largest) * 1.04 || 1;
}

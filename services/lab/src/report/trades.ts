import type { RoundTrip } from "@tradewind/core";
import { dateTime, fixed, html, NONE, plural, quantity, signedMoney, signedPercent, tone, type Html } from "@tradewind/plots";

/** Trades the page carries, and those it shows without a script. */
const CARRIED = 4000;
const STATIC = 50;

/** Columns of the list; `minor` ones are left out on a phone. `key` is what the script sorts by: an index into a row of `tradeData`. */
const columns = [
  { name: "Instrument", key: 0, minor: false },
  { name: "Side", key: 1, minor: true },
  { name: "Entry", key: 2, minor: true },
  { name: "Exit", key: 3, minor: true },
  { name: "Quantity", key: 4, minor: true },
  { name: "Entry price", key: 5, minor: true },
  { name: "Exit price", key: 6, minor: true },
  { name: "Profit", key: 7, minor: false },
  { name: "Return", key: 8, minor: false },
  { name: "MAE", key: 9, minor: true },
  { name: "MFE", key: 10, minor: true },
  { name: "Bars", key: 11, minor: true },
  { name: "Exit by", key: 12, minor: true },
] as const;

/** The trades that the page carries: all of them, or the ones with the largest results, in order of their exit. */
export function carriedTrades(trips: readonly RoundTrip[]): readonly RoundTrip[] {
  if (trips.length <= CARRIED) return trips;
  const bySize = trips.map((_, i) => i).sort((a, b) => Math.abs(trips[b]!.pnl) - Math.abs(trips[a]!.pnl));
  const kept = bySize.slice(0, CARRIED).sort((a, b) => a - b);
  return kept.map((i) => trips[i]!);
}

/** The list of trades; complete up to `STATIC` rows without scripts, sorted and paged by one. */
export function renderTrades(trips: readonly RoundTrip[], currency: string): Html {
  if (trips.length === 0) return html`<p class="empty">No closed trades.</p>`;
  const carried = carriedTrades(trips);
  const cut = trips.length > carried.length ? ` The ${fixed(carried.length, 0)} with the largest results are listed.` : "";
  const heads = columns.map(
    ({ name, key, minor }) =>
      html`<th scope="col"${minor ? html` class="minor"` : ""} aria-sort="${key === 3 ? "ascending" : "none"}"><button type="button" data-sort="${key}">${name}</button></th>`,
  );
  const rest =
    carried.length > STATIC ? html`<noscript><p class="empty">The first ${STATIC} trades; scripts show the rest.</p></noscript>` : "";
  return html`<div class="tools list"><span class="count">${plural(trips.length, "trade")}, amounts in ${currency}.${cut}</span>
<span class="filter" hidden><button type="button" data-show="all" aria-pressed="true">All</button><button type="button" data-show="wins" aria-pressed="false">Wins</button><button type="button" data-show="losses" aria-pressed="false">Losses</button></span></div>
<div class="scroll" tabindex="0" role="region" aria-label="Trades"><table class="rows trades" id="trades"><caption class="unseen">Closed trades</caption>
<thead><tr>${heads}</tr></thead><tbody>${carried.slice(0, STATIC).map(row)}</tbody></table></div>${rest}
<nav class="pages" aria-label="Pages of trades" hidden><button type="button" data-page="-1">Earlier</button><span aria-live="polite"></span><button type="button" data-page="1">Later</button></nav>`;
}

function row(trip: RoundTrip): Html {
  return html`<tr><th scope="row">${trip.instrument}<small class="phone">${trip.direction} ${dateTime(trip.entryTime)}</small></th><td class="minor">${trip.direction}</td><td class="minor">${dateTime(trip.entryTime)}</td><td class="minor">${dateTime(trip.exitTime)}</td>
<td class="minor">${quantity(trip.quantity)}</td><td class="minor">${quantity(trip.entryPrice)}</td><td class="minor">${quantity(trip.exitPrice)}</td>
<td class="${tone(trip.pnl)}">${signedMoney(trip.pnl)}</td><td class="${tone(trip.returnPct)}">${signedPercent(trip.returnPct)}</td>
<td class="minor">${signedPercent(trip.maePct)}</td><td class="minor">${signedPercent(trip.mfePct)}</td><td class="minor">${trip.bars ?? NONE}</td><td class="minor">${trip.exitLeg}</td></tr>
`;
}

/** The carried trades for the script: names once, then one short row each in the order of `columns`; times in seconds. */
export function tradeData(trips: readonly RoundTrip[]): unknown {
  const carried = carriedTrades(trips);
  const instruments = [...new Set(carried.map((trip) => trip.instrument))];
  const legs = [...new Set(carried.map((trip) => trip.exitLeg))];
  const round = (x: number | null, digits = 8) => (x === null ? null : Number(x.toPrecision(digits)));
  const rows = carried.map((trip) => [
    instruments.indexOf(trip.instrument),
    trip.direction === "long" ? 1 : 0,
    Math.round(trip.entryTime / 1000),
    Math.round(trip.exitTime / 1000),
    round(trip.quantity),
    round(trip.entryPrice),
    round(trip.exitPrice),
    round(trip.pnl),
    round(trip.returnPct, 6),
    round(trip.maePct, 5),
    round(trip.mfePct, 5),
    trip.bars,
    legs.indexOf(trip.exitLeg),
  ]);
  return { instruments, legs, rows };
}

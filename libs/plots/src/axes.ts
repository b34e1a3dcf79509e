import { compact, placeX, placeY, timeTicks, valueTicks, type Panel, type View } from "./geometry.ts";

/*
 * Axes and markers of the time plots, as markup of numbers and fixed words only. Carried by the page like geometry.ts.
 */

/** Entries and exits on a price plot; columns of equal length. */
export interface Marks {
  /** ms. */
  readonly time: ArrayLike<number>;
  readonly price: ArrayLike<number>;
  /** One letter each: L long entry, S short entry, W exit with profit, X exit with loss. */
  readonly kind: string;
}

/** A value as it reads under the crosshair. */
export function readout(x: number, unit: Panel["unit"]): string {
  if (!Number.isFinite(x)) return "\u2013";
  const size = Math.abs(x);
  const decimals = unit === "percent" || size >= 1000 || size === 0 ? 2 : Math.max(2, Math.min(10, 4 - Math.floor(Math.log10(size))));
  const [whole, fraction] = size.toFixed(decimals).split(".");
  return (x < 0 ? "\u2212" : "") + whole!.replace(/\B(?=(\d{3})+$)/g, ",") + "." + fraction + (unit === "percent" ? "\u00a0%" : "");
}

/** Horizontal grid lines with their labels. */
export function valueAxis(view: View, panel: Panel): string {
  return valueTicks(view.low, view.high, panel.height > 150 ? 5 : 3)
    .map((value) => ({ value, top: (placeY(view, value) / view.height) * 100 }))
    .filter(({ top }) => top >= 0 && top <= 100)
    .map(({ value, top }) => `<i style="top:${top.toFixed(2)}%"><b>${compact(value)}${panel.unit === "percent" ? "%" : ""}</b></i>`)
    .join("");
}

/** Time labels below the lowest panel. The style sheet leaves out every second one on a narrow screen, until the script fits their number. */
export function timeAxis(from: number, to: number, count: number): string {
  const view = { from, to, low: 0, high: 1, log: false, height: 1 };
  return timeTicks(from, to, count)
    .map(({ at, label }) => `<i style="left:${(placeX(view, at) / 10).toFixed(2)}%"><b>${label}</b></i>`)
    .join("");
}

/** Markers in view, smaller ones when there are many. */
export function markUses(view: View, marks: Marks): string {
  const seen: number[] = [];
  for (let i = 0; i < marks.time.length; i++) if (marks.time[i]! >= view.from && marks.time[i]! <= view.to) seen.push(i);
  const size = seen.length > 700 ? "t" : seen.length > 120 ? "s" : "";
  return seen
    .map((i) => {
      const x = placeX(view, marks.time[i]!) / 10;
      const y = (placeY(view, marks.price[i]!) / view.height) * 100;
      return `<use href="#mark${marks.kind[i]}${size}" x="${x.toFixed(2)}%" y="${y.toFixed(1)}%"/>`;
    })
    .join("");
}

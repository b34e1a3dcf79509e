/*
 * Geometry of the time plots: ticks, scales and paths. The page carries these functions too (see zoom.ts), so that
 * what is drawn here and what is redrawn on zoom are the same; hence they are plain and refer only to each other.
 */

/** What a panel shows: a span of time (ms) and of values, mapped on 1000 x `height` units. */
export interface View {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly height: number;
}

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** "51.4k": at most four characters and a unit. */
export function compact(x: number): string {
  const size = Math.abs(x);
  const unit = size >= 1e9 ? 1e9 : size >= 1e6 ? 1e6 : size >= 1e4 ? 1e3 : 1;
  const scaled = Number((size / unit).toPrecision(4));
  return (x < 0 ? "\u2212" : "") + scaled + (unit === 1e9 ? "B" : unit === 1e6 ? "M" : unit === 1e3 ? "k" : "");
}

/** Round values between `low` and `high`, about `count` of them: steps of 1, 2 or 5 times a power of ten. */
export function valueTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough / power > 7 ? 10 : rough / power > 3.2 ? 5 : rough / power > 1.4 ? 2 : 1);
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) ticks.push(i * step);
  return ticks;
}

/** UTC times on round boundaries (years, months, days, hours, minutes), at most `count` of them, with their labels. */
export function timeTicks(from: number, to: number, count: number): Tick[] {
  const minute = 60_000;
  const day = 86_400_000;
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const rough = (to - from) / Math.max(1, count);
  const ticks: Tick[] = [];
  if (rough > 20 * day) {
    const step = [1, 2, 3, 6, 12, 24, 36, 60, 120, 240].find((one) => one * 30.4 * day >= rough) ?? 600;
    const start = new Date(from);
    let month = Math.ceil((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step;
    for (let at = Date.UTC(Math.floor(month / 12), month % 12); at <= to; at = Date.UTC(Math.floor(month / 12), month % 12)) {
      const year = String(Math.floor(month / 12));
      if (at >= from) ticks.push({ at, label: month % 12 === 0 ? year : step < 12 ? `${months[month % 12]} ${year.slice(2)}` : year });
      month += step;
    }
    return ticks;
  }
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14_400, 28_800];
  const step = (steps.find((one) => one * minute >= rough) ?? 28_800) * minute;
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const date = new Date(at);
    const dayLabel = `${date.getUTCDate()} ${months[date.getUTCMonth()]}`;
    ticks.push({ at, label: at % day === 0 ? dayLabel : date.toISOString().slice(11, 16) });
  }
  return ticks;
}

/** One drawing of a panel: a line or filled area of one series, or the band between two. `style` is its CSS class. */
export interface Layer {
  readonly kind: "line" | "area" | "band";
  readonly keys: readonly string[];
  readonly style: string;
}

/** One strip of a plot; its value scale fits the layers to what is in view. */
export interface Panel {
  readonly layers: readonly Layer[];
  readonly unit: "amount" | "percent";
  readonly height: number;
  /** Value that areas stand on or hang from; null = the lower edge. */
  readonly base: number | null;
}

export type Series = Readonly<Record<string, ArrayLike<number>>>;

/** The view of a panel between two times: the extent of its series there, with a little air. */
export function panelView(panel: Panel, time: ArrayLike<number>, series: Series, from: number, to: number, log: boolean): View {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const key of panel.layers.flatMap((layer) => layer.keys)) {
    const values = series[key] ?? [];
    for (let i = 0; i < time.length; i++) {
      if (time[i]! < from || time[i]! > to || !Number.isFinite(values[i]!)) continue;
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
  }
  const { height } = panel;
  if (low > high) return { from, to, low: 0, high: 1, log: false, height };
  if (panel.base !== null) high = Math.max(high, panel.base);
  if (log && low > 0) return { from, to, low: low / 1.04, high: high * 1.04, log, height };
  const air = low === high ? Math.abs(low) * 0.05 || 1 : (high - low) * 0.06;
  return { from, to, low: low - air, high: high === panel.base ? high : high + air, log: false, height };
}

/** Horizontal place of a time, 0..1000. */
export function placeX(view: View, time: number): number {
  return view.to > view.from ? ((time - view.from) / (view.to - view.from)) * 1000 : 500;
}

/** Vertical place of a value, 0 at the top. */
export function placeY(view: View, value: number): number {
  const scale = (v: number) => (view.log ? Math.log(Math.max(v, Number.MIN_VALUE)) : v);
  const low = scale(view.low);
  return view.height * (1 - (scale(value) - low) / (scale(view.high) - low || 1));
}

/** A polyline through the points in view, and one beyond each edge. */
export function linePath(view: View, time: ArrayLike<number>, values: ArrayLike<number>): string {
  let path = "";
  for (let i = 0; i < time.length; i++) {
    if ((time[i + 1] ?? Number.POSITIVE_INFINITY) < view.from || !Number.isFinite(values[i]!)) continue;
    if (i > 0 && time[i - 1]! > view.to) break;
    path += `${path ? "L" : "M"}${placeX(view, time[i]!).toFixed(1)} ${placeY(view, values[i]!).toFixed(1)}`;
  }
  return path;
}

/** The area between `upper` and `lower` in steps: the values of a point hold for all the time since the one before. */
export function bandPath(view: View, time: ArrayLike<number>, upper: ArrayLike<number>, lower: ArrayLike<number>): string {
  const top: string[] = [];
  const bottom: string[] = [];
  for (let i = 0; i < time.length; i++) {
    const since = i > 0 ? time[i - 1]! : time[0]! - ((time[1] ?? time[0]!) - time[0]!);
    if (time[i]! < view.from || since > view.to) continue;
    const [left, right] = [placeX(view, since).toFixed(1), placeX(view, time[i]!).toFixed(1)];
    const [high, low] = [placeY(view, upper[i]!).toFixed(1), placeY(view, lower[i]!).toFixed(1)];
    top.push(`${left} ${high}`, `${right} ${high}`);
    bottom.push(`${left} ${low}`, `${right} ${low}`);
  }
  return top.length === 0 ? "" : `M${top.join("L")}L${bottom.reverse().join("L")}Z`;
}

/** The area between `values` and the value `base`, which may lie outside the view. */
export function areaPath(view: View, time: ArrayLike<number>, values: ArrayLike<number>, base: number): string {
  const line = linePath(view, time, values);
  if (!line) return "";
  const y = Math.max(0, Math.min(view.height, placeY(view, base))).toFixed(1);
  const points = line.slice(1).split("L");
  return `${line}L${points[points.length - 1]!.split(" ")[0]} ${y}L${points[0]!.split(" ")[0]} ${y}Z`;
}

/** The path of a layer; empty when nothing of it is in view. */
export function layerPath(view: View, panel: Panel, layer: Layer, time: ArrayLike<number>, series: Series): string {
  const first = series[layer.keys[0]!] ?? [];
  if (layer.kind === "line") return linePath(view, time, first);
  if (layer.kind === "area") return areaPath(view, time, first, panel.base ?? view.low);
  return bandPath(view, time, first, series[layer.keys[1]!] ?? []);
}

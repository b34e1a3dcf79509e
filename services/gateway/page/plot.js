import uPlot from "./uplot/uPlot.esm.js";
import { ask } from "./api.js";
import { byId, say } from "./dom.js";
import { asClock, asDate, asMoney, asPercent, asTime } from "./format.js";
import { store, touch } from "./store.js";

const HEIGHT_PX = 280;
/** Padding of the holder, both sides. */
const SIDES_PX = 24;
const POINTS_MOST = 4_000;

let plot;
let shown;
let points = [];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The equity of the chosen variant: its past is asked for once, then the live stream goes on. */
export function paintPlot({ status, lines, selected }) {
  const variant = status.variants.find(({ id }) => id === selected);
  if (selected !== shown) void load(selected);
  for (const point of lines.get(selected) ?? []) extend(point);
  say(byId("plot-title"), selected === undefined ? "Equity" : `Equity of ${selected}`);
  byId("plot").hidden = points.length < 2;
  byId("plot-empty").hidden = points.length >= 2;
  say(byId("plot-figures"), figuresOf(variant));
  if (points.length >= 2) draw(variant);
}

async function load(selected) {
  shown = selected;
  points = [];
  try {
    const { points: past } = await ask("/api/equity", { query: { variant: selected } });
    if (shown === selected) points = past;
  } catch {
    // The stream shows what comes; the past is asked for again with the next choice.
  }
  touch();
}

function extend(point) {
  const newest = points.at(-1)?.[0] ?? -Infinity;
  if (newest > point[0]) return;
  if (newest === point[0]) points.pop();
  points.push(point);
  if (points.length > POINTS_MOST) points = points.filter((_, i) => i % 2 === 0 || i > POINTS_MOST / 2);
}

function figuresOf(variant) {
  if (variant?.equity === undefined) return "";
  return `${asMoney(variant.equity)} ${variant.currency} · ${asPercent(variant.profitPct)} since ${asMoney(variant.startingBalance)} · exposure ${asMoney(variant.exposure ?? 0)}`;
}

/** Columns for uPlot: seconds, equity, where it began. */
function columns(variant) {
  const times = points.map(([time]) => time / 1000);
  return [times, points.map(([, value]) => value), times.map(() => variant?.startingBalance ?? null)];
}

function draw(variant) {
  const holder = byId("plot");
  const width = holder.clientWidth - SIDES_PX;
  if (plot !== undefined && plot.theme !== document.documentElement.dataset.theme) {
    plot.destroy();
    plot = undefined;
  }
  const data = columns(variant);
  if (plot === undefined) {
    plot = new uPlot(options(width), data, holder);
    plot.theme = document.documentElement.dataset.theme;
  } else {
    if (plot.width !== width) plot.setSize({ width, height: HEIGHT_PX });
    plot.setData(data);
  }
}

function options(width) {
  // Times without am and pm, in UTC as everywhere on the page.
  const times = (_, ticks, axisIndex, space, stepS) =>
    ticks.map((s) => (stepS >= 86_400 ? asDate(s * 1000) : asClock(s * 1000).slice(0, stepS < 60 ? 8 : 5)));
  const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  return {
    width,
    height: HEIGHT_PX,
    padding: [14, 24, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { live: true, markers: { show: false } },
    cursor: { points: { size: 7 }, y: false },
    scales: { y: { range: (_, low, high) => padded(low, high) } },
    axes: [
      { ...axis, size: 30, values: times },
      { ...axis, size: 74, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en")) },
    ],
    series: [
      { label: "Market time", value: (_, seconds) => (seconds == null ? "–" : asTime(seconds * 1000)) },
      {
        label: "Equity",
        stroke: color("--accent"),
        width: 2,
        fill: (self) => shade(self),
        points: { show: false },
        value: (_, value) => (value == null ? "–" : asMoney(value)),
      },
      {
        label: "Start",
        stroke: color("--muted"),
        width: 1,
        dash: [4, 4],
        points: { show: false },
        value: (_, value) => (value == null ? "–" : asMoney(value)),
      },
    ],
    hooks: { draw: [marks] },
  };
}

function padded(low, high) {
  const room = (high - low || Math.abs(high) * 0.001 || 1) * 0.12;
  return [low - room, high + room];
}

function shade(self) {
  const { top, height } = self.bbox;
  const gradient = self.ctx.createLinearGradient(0, top, 0, top + height);
  gradient.addColorStop(0, color("--accent-veil"));
  gradient.addColorStop(1, "transparent");
  return gradient;
}

/** Fills of the variant on its line: up for bought, down for sold. */
function marks(self) {
  const { ctx } = self;
  const size = 5 * devicePixelRatio;
  ctx.save();
  for (const { variant, time, side } of store.fills.values()) {
    if (variant !== shown) continue;
    const value = valueAt(time);
    if (value === undefined) continue;
    const x = self.valToPos(time / 1000, "x", true);
    const y = self.valToPos(value, "y", true);
    const turn = side === "BUY" ? 1 : -1;
    ctx.fillStyle = color(side === "BUY" ? "--up" : "--down");
    ctx.beginPath();
    ctx.moveTo(x, y - turn * size);
    ctx.lineTo(x + size, y + turn * size);
    ctx.lineTo(x - size, y + turn * size);
    ctx.closePath();
    ctx.fill();
  }
  ctx.restore();
}

function valueAt(time) {
  if (points.length === 0 || time < points[0][0] || time > points.at(-1)[0]) return undefined;
  return points.findLast(([at]) => at <= time)?.[1];
}

new ResizeObserver(() => touch()).observe(byId("plot").parentElement);

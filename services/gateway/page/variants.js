import { order } from "./commands.js";
import { byId, make, mark, reconcile, say } from "./dom.js";
import { arrowOf, asAmount, asMoney, asPercent, asSigned, toneOf } from "./format.js";
import { store, touch } from "./store.js";

const SPARK = { width: 120, height: 30 };

/** The table of running variants, and the list of those that rest. */
export function paintVariants({ status, lines, selected }) {
  const running = status.variants.filter(({ enabled }) => enabled);
  const resting = status.variants.filter(({ enabled }) => !enabled);
  reconcile(
    byId("variant-rows"),
    running,
    ({ id }) => id,
    createRow,
    (row, variant) => updateRow(row, variant, lines.get(variant.id), selected),
  );
  byId("variants-none").hidden = running.length > 0;
  byId("resting").hidden = resting.length === 0;
  say(byId("resting-title"), `Not running (${resting.length})`);
  reconcile(byId("resting-rows"), resting, ({ id }) => id, createResting, updateResting);
}

function createRow({ id }) {
  const line = make("polyline", { fill: "none", "vector-effect": "non-scaling-stroke" });
  const spark = make(
    "svg",
    { class: "spark", viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    line,
  );
  const choose = () => {
    store.selected = id;
    touch();
  };
  const cells = {
    name: make("button", { class: "name", type: "button", onclick: choose }, id),
    label: make("span", { class: "label" }),
    about: make("span", { class: "about" }),
    state: make("span", { class: "state" }),
    equity: make("td", { class: "number", "data-name": "Equity" }),
    profit: make("td", { class: "number tone" }),
    drawdown: make("td", { class: "number", "data-name": "Drawdown" }),
    positions: make("td", { class: "positions" }),
    pause: make("button", { type: "button", class: "small" }),
    close: make("button", { type: "button", class: "small", "aria-label": `Close the positions of ${id}` }, "Close"),
    line,
  };
  cells.pause.addEventListener("click", () => order(cells.verb, cells.variant));
  cells.close.addEventListener("click", () => order("close", cells.variant));
  const row = make(
    "tr",
    {},
    make("th", { scope: "row" }, make("div", { class: "who" }, cells.name, cells.label), cells.about),
    make("td", {}, cells.state),
    cells.equity,
    cells.profit,
    cells.drawdown,
    cells.positions,
    make("td", { class: "course" }, spark),
    make("td", { class: "actions" }, cells.pause, cells.close),
  );
  row.addEventListener("click", ({ target }) => target.closest("button") ?? choose());
  row.cells_ = cells;
  return row;
}

function updateRow(row, variant, line, selected) {
  const cells = row.cells_;
  cells.variant = variant;
  cells.verb = variant.state === "HALTED" ? "resume" : "pause";
  mark(row, "data-selected", variant.id === selected);
  mark(cells.name, "aria-pressed", variant.id === selected ? "true" : "false");
  say(cells.label, labelText(variant));
  mark(cells.label, "data-label", variant.label);
  say(cells.about, variant.problem ?? aboutText(variant));
  mark(cells.about, "data-problem", variant.problem !== undefined);
  mark(cells.about, "title", cells.about.textContent);
  say(cells.state, variant.state ?? "WAITING");
  mark(cells.state, "data-state", variant.state ?? "WAITING");
  mark(cells.state, "title", variant.stateReason ?? "");
  say(cells.equity, variant.equity === undefined ? "–" : asMoney(variant.equity));
  mark(cells.equity, "title", variant.currency);
  const { profitPct } = variant;
  say(cells.profit, profitPct === undefined ? "–" : `${arrowOf(profitPct)} ${asPercent(profitPct)}`);
  mark(cells.profit, "data-tone", toneOf(profitPct ?? 0));
  say(cells.drawdown, variant.drawdown === undefined ? "–" : asPercent(-100 * variant.drawdown));
  say(cells.positions, positionsText(variant.positions));
  say(cells.pause, cells.verb === "pause" ? "Pause" : "Resume");
  mark(cells.pause, "aria-label", `${cells.verb === "pause" ? "Pause" : "Resume"} ${variant.id}`);
  cells.close.disabled = !variant.positions?.some(({ quantity }) => Number(quantity) !== 0);
  drawSpark(cells.line, line ?? []);
}

/** What nobody may mistake: where the prices are from, and whose money it is. */
export function labelText({ label }) {
  if (label === "live") return "LIVE";
  return label === "simulated" ? "SIMULATED · PAPER" : "PAPER";
}

function aboutText({ broker, strategy, mode, assetClass, timeframe, instruments = [] }) {
  const traded = instruments.length > 3 ? `${instruments.slice(0, 3).join(", ")} +${instruments.length - 3}` : instruments.join(", ");
  // What is paper says so in its label.
  return [broker, strategy, mode === "paper" ? undefined : mode, assetClass, timeframe, traded].filter(Boolean).join(" · ");
}

function positionsText(positions = []) {
  const held = positions.filter(({ quantity }) => Number(quantity) !== 0);
  if (held.length === 0) return "flat";
  return held
    .map(
      ({ instrument, quantity, profit }) =>
        `${Number(quantity) > 0 ? "long" : "short"} ${asAmount(quantity.replace("-", ""))} ${instrument} ${asSigned(profit)}`,
    )
    .join("\n");
}

function drawSpark(polyline, line) {
  if (line.length < 2) return mark(polyline, "points", "");
  const values = line.map(([, value]) => value);
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const from = line[0][0];
  const width = line.at(-1)[0] - from || 1;
  const points = line.map(([time, value]) => {
    const x = ((time - from) / width) * SPARK.width;
    const y = SPARK.height - 2 - ((value - low) / span) * (SPARK.height - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  mark(polyline, "points", points.join(" "));
  mark(polyline, "data-tone", toneOf(values.at(-1) - values[0]));
}

function createResting({ id }) {
  const about = make("span", { class: "about" });
  const start = make("button", { type: "button", class: "small", "aria-label": `Start ${id}` }, "Start");
  const row = make("li", {}, make("span", { class: "name" }, id), about, start);
  row.cells_ = { about, start };
  start.addEventListener("click", () => order("start", row.cells_.variant));
  return row;
}

function updateResting(row, variant) {
  row.cells_.variant = variant;
  const stopped = variant.revision > 0 ? `stopped by ${variant.by}` : "";
  say(row.cells_.about, variant.problem ?? [stopped, aboutText(variant)].filter(Boolean).join(" · "));
  mark(row.cells_.about, "data-problem", variant.problem !== undefined);
  row.cells_.start.hidden = variant.mode !== "paper";
}

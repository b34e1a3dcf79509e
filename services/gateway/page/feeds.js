import { showWhy } from "./dialogs.js";
import { byId, make, mark, reconcile, say } from "./dom.js";
import { asAmount, asClock, asSigned, asTime, toneOf } from "./format.js";

const ROWS_SHOWN = 60;

/** Latest decisions, newest first; a HOLD that goes on is one row. */
export function paintDecisions({ decisions }) {
  const withHolds = byId("with-holds").checked;
  const rows = [...decisions.values()]
    .filter(({ action }) => withHolds || action !== "HOLD")
    .sort((a, b) => b.closeTime - a.closeTime)
    .slice(0, ROWS_SHOWN);
  byId("decisions-none").hidden = rows.length > 0;
  reconcile(byId("decision-rows"), rows, ({ key }) => key, createDecision, updateDecision);
}

function createDecision() {
  const cells = {
    time: make("time"),
    action: make("span", { class: "action" }),
    what: make("span", { class: "what" }),
    score: make("span", { class: "score" }),
    reason: make("span", { class: "reason" }),
  };
  const button = make(
    "button",
    { type: "button", class: "row", title: "Why?" },
    cells.action,
    cells.what,
    cells.time,
    cells.score,
    cells.reason,
  );
  button.addEventListener("click", () => {
    const { variant, instrument, closeTime } = cells.row;
    void showWhy({ variant, instrument, at: new Date(closeTime).toISOString() });
  });
  const item = make("li", {}, button);
  item.cells_ = cells;
  return item;
}

function updateDecision(item, row) {
  const cells = item.cells_;
  cells.row = row;
  say(cells.action, row.action);
  mark(cells.action, "data-action", row.action);
  say(cells.what, `${row.variant} · ${row.instrument}`);
  say(cells.time, asClock(row.closeTime));
  mark(cells.time, "title", asTime(row.closeTime));
  say(cells.score, row.count > 1 ? `×${row.count}` : row.score === 0 ? "" : row.score.toFixed(2));
  say(cells.reason, row.count > 1 ? `${row.reason}, since ${asClock(row.since)}` : row.reason);
}

export function paintFills({ fills }) {
  const rows = [...fills.values()].toReversed().slice(0, ROWS_SHOWN);
  byId("fills-none").hidden = rows.length > 0;
  reconcile(
    byId("fill-rows"),
    rows,
    ({ key }) => key,
    createFill,
    () => undefined,
  );
}

/** A fill never changes. */
function createFill({ time, clientId, variant, side, leg, instrument, quantity, price, fee, feeCurrency, realized }) {
  const why = () => void showWhy({ order: clientId, variant });
  const profit = Number(realized);
  const row = make(
    "tr",
    { class: "fill" },
    make("td", {}, make("button", { type: "button", class: "link", title: "Why?", onclick: why }, asTime(time))),
    make("td", {}, variant),
    make("td", {}, make("span", { class: "action", "data-action": side }, side)),
    make("td", {}, leg),
    make("td", {}, instrument),
    make("td", { class: "number" }, asAmount(quantity)),
    make("td", { class: "number" }, asAmount(price)),
    make("td", { class: "number" }, `${asAmount(fee)} ${feeCurrency}`),
    make("td", { class: "number tone", "data-tone": toneOf(profit) }, profit === 0 ? "" : asSigned(profit)),
  );
  row.addEventListener("click", ({ target }) => target.closest("button") ?? why());
  return row;
}

import { make, mark, reconcile, say } from "./dom.js";
import { asDate, asSpan } from "./format.js";
import { cardAddress, promote, retire } from "./model-orders.js";

const SOON_MS = 3 * 86_400_000;

/** The lines of a model's versions; `now` is market time. */
export function paintVersions(parent, model, versions, now) {
  reconcile(
    parent,
    versions,
    ({ sha256 }) => sha256,
    (version) => createVersion(model.id, version),
    (line, version) => updateVersion(line, model, version, now),
  );
}

function createVersion(id, version) {
  const token = version.sha256.slice(0, 8);
  const cells = {
    state: make("span", { class: "state" }),
    about: make("span", { class: "about" }),
    score: make("span", { class: "score", title: "Mean result of its votes and its standard error, in usual returns per close" }),
    verdict: make("span", { class: "about" }),
    card: make("a", { href: cardAddress(id, version), target: "_blank", rel: "opener", "aria-label": `Card of ${id} ${token}` }, "Card"),
    promote: make("button", { type: "button", class: "small", "aria-label": `Promote ${id} ${token}` }, "Promote"),
    retire: make("button", { type: "button", class: "small", "aria-label": `Retire ${id} ${token}` }, "Retire"),
  };
  const row = make(
    "li",
    { class: "version" },
    cells.state,
    make("div", {}, make("code", {}, token), cells.about),
    make("div", {}, cells.score, cells.verdict),
    make("div", { class: "actions" }, cells.card, cells.promote, cells.retire),
  );
  cells.promote.addEventListener("click", () => promote(id, cells.version));
  cells.retire.addEventListener("click", () => retire(id, cells.version));
  row.cells_ = cells;
  return row;
}

function updateVersion(row, model, version, now) {
  const { cells_: cells } = row;
  cells.version = version;
  const { state, expiresAt } = version;
  const expired = expiresAt !== undefined && now !== undefined && now > expiresAt;
  say(cells.state, expired && state !== "retired" ? "expired" : state);
  mark(cells.state, "data-state", expired ? "expired" : state);
  say(
    cells.about,
    ` ${[version.notes.family, `since ${asDate(version.registeredAt)}`, expiryText(expiresAt, now)].filter(Boolean).join(" · ")}`,
  );
  mark(cells.about, "data-problem", expired);
  const score = model.scores?.versions.find(({ sha256 }) => sha256 === version.sha256);
  say(cells.score, scoreText(score, state));
  say(cells.verdict, model.scores?.verdicts.find(({ sha256 }) => sha256 === version.sha256)?.reason ?? "");
  cells.card.hidden = !version.card;
  cells.promote.hidden = state === "champion";
  cells.retire.hidden = state === "retired";
}

/** Expiry is of market time. */
function expiryText(expiresAt, now) {
  if (expiresAt === undefined) return undefined;
  if (now === undefined || expiresAt - now > SOON_MS) return `until ${asDate(expiresAt)}`;
  return expiresAt < now ? `expired ${asDate(expiresAt)}` : `${asSpan(expiresAt - now)} left`;
}

function scoreText(score, state) {
  if (score?.mean === undefined) return state === "champion" || state === "shadow" ? "not scored yet" : "";
  const sign = score.mean < 0 ? "−" : "+";
  const error = score.standardError === undefined ? "" : ` ± ${score.standardError.toFixed(3)}`;
  return `${sign}${Math.abs(score.mean).toFixed(3)}${error} over ${score.closes} closes`;
}

import { byId, make, mark, reconcile, say } from "./dom.js";
import { asTime } from "./format.js";
import { pin } from "./model-orders.js";
import { paintVersions } from "./versions.js";

const mib = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
/** Share of a limit from which on a bar is a warning. */
const FULL = 0.9;
const JOBS_MOST = 6;

/** Registered models with what their versions are worth, what memory they take, and the trainings under way. */
export function paintModels({ models = [], modelStats, jobs = [], modelsProblem, status }) {
  const known = modelStats === undefined ? "" : `${mib.format(modelStats.total_used_mb)} of ${mib.format(modelStats.total_limit_mb)} MiB`;
  say(byId("models-figures"), known);
  byId("models-none").hidden = models.length > 0 && modelsProblem === undefined;
  say(byId("models-none"), modelsProblem ?? "No model is registered. tradewind train makes one.");
  reconcile(
    byId("model-rows"),
    models,
    ({ id }) => id,
    createModel,
    (row, model) => updateModel(row, model, modelStats, status.marketTime ?? undefined),
  );
  const trainings = jobs.filter(({ state }) => state === "running" || state === "queued" || state === "failed").slice(0, JOBS_MOST);
  byId("job-rows").hidden = trainings.length === 0;
  reconcile(byId("job-rows"), trainings, ({ id }) => id, createJob, updateJob);
}

function createModel({ id }) {
  const cells = {
    pinned: make("span", { class: "pill" }),
    about: make("span", { class: "about" }),
    fill: make("i"),
    memory: make("span", { class: "about" }),
    pin: make("button", { type: "button", class: "small" }),
    versions: make("ul", { class: "versions" }),
    retired: make("ul", { class: "versions" }),
    retiredTitle: make("summary"),
  };
  cells.bar = make("div", { class: "bar", "aria-hidden": "true" }, cells.fill);
  cells.resting = make("details", { class: "retired" }, cells.retiredTitle, cells.retired);
  const name = make("div", {}, make("div", { class: "who" }, make("strong", {}, id), cells.pinned), cells.about);
  const head = make("div", { class: "model-head" }, name, make("div", { class: "memory" }, cells.bar, cells.memory), cells.pin);
  const row = make("li", {}, head, cells.versions, cells.resting);
  row.cells_ = cells;
  cells.pin.addEventListener("click", () => pin(id, !cells.model.pinned));
  return row;
}

function updateModel(row, model, stats, now) {
  const { cells_: cells } = row;
  cells.model = model;
  const hosts = Object.entries(stats?.models ?? {}).filter(([name]) => name === model.id || name.startsWith(`${model.id}--`));
  say(cells.pinned, model.pinned ? "pinned" : "");
  say(cells.pin, model.pinned ? "Unpin" : "Pin");
  mark(cells.pin, "aria-label", `${model.pinned ? "Unpin" : "Pin"} ${model.id}`);
  const alone = hosts.map(([, { quarantine }]) => quarantine).find(Boolean);
  const problem =
    model.problem ?? (alone && `left alone${alone.until ? ` until ${asTime(Date.parse(alone.until))}` : ""}: ${alone.reason}`);
  say(cells.about, problem ?? deviceText(model, hosts));
  mark(cells.about, "data-problem", problem !== undefined);
  mark(cells.about, "title", hosts.map(([, { fall_back: why }]) => why).find(Boolean));
  paintMemory(cells, model, hosts, stats);
  const ofState = (wanted) => model.versions.filter(({ state }) => wanted.includes(state));
  paintVersions(cells.versions, model, [...ofState(["champion"]), ...ofState(["shadow"]), ...ofState(["candidate"])], now);
  const retired = ofState(["retired"]);
  cells.resting.hidden = retired.length === 0;
  say(cells.retiredTitle, `Retired (${retired.length})`);
  paintVersions(cells.retired, model, retired, now);
}

/** What it runs on, and what it was to run on where that cannot be had. */
function deviceText({ device, versions }, hosts) {
  const shown = versions.find(({ state }) => state === "champion") ?? versions[0];
  const sees = shown === undefined ? "" : `${shown.timeframes.join(", ")} × ${shown.window} × ${shown.features.length}`;
  const on = [...new Set(hosts.filter(([, { memory_mb: mb }]) => mb > 0).map(([, { device: one }]) => one))];
  if (on.length === 0) return [`for ${device}, not loaded`, sees].filter(Boolean).join(" · ");
  const fell = on.some((one) => one !== device);
  return [fell ? `on ${on.join(", ")} instead of ${device}` : `on ${device}`, sees].filter(Boolean).join(" · ");
}

function paintMemory(cells, { limitMb }, hosts, stats) {
  const used = hosts.reduce((sum, [, { memory_mb: mb }]) => sum + mb, 0);
  const limit = limitMb ?? stats?.total_limit_mb;
  cells.bar.hidden = limit === undefined || used === 0;
  const share = limit === undefined ? 0 : Math.min(1, used / limit);
  cells.fill.style.width = `${(share * 100).toFixed(1)}%`;
  mark(cells.bar, "data-full", share > FULL);
  say(cells.memory, used === 0 ? "" : `${mib.format(used)} MiB${limit === undefined ? "" : ` of ${mib.format(limit)}`}`);
}

function createJob() {
  const cells = {
    state: make("span", { class: "state" }),
    name: make("strong"),
    about: make("span", { class: "about" }),
    fill: make("i"),
    share: make("span", { class: "unseen" }),
  };
  cells.bar = make("div", { class: "bar" }, cells.fill, cells.share);
  const row = make("li", {}, cells.state, make("div", {}, cells.name, cells.about), cells.bar);
  row.cells_ = cells;
  return row;
}

function updateJob(row, { id, kind, state, progress = 0, message, parameters }) {
  const { cells_: cells } = row;
  say(cells.state, state);
  mark(cells.state, "data-state", state);
  say(cells.name, `${kind} ${parameters.model ?? parameters.family ?? id}`);
  say(cells.about, message);
  mark(cells.about, "title", message);
  cells.bar.hidden = state !== "running";
  cells.fill.style.width = `${(progress * 100).toFixed(1)}%`;
  say(cells.share, `${Math.round(progress * 100)} % done`);
}

import { byId, make, mark, reconcile, say } from "./dom.js";
import { arrowOf, asClock, asMoney, asPercent, asSpan, asTime, toneOf } from "./format.js";
import { store } from "./store.js";

/** Header, banner, problems, summary and services. */
export function paintSystem({ status, connected }) {
  paintWorld(status);
  say(byId("run"), `${status.run}, ${status.clock} clock`);
  const connection = byId("connection");
  say(connection, connected ? "live" : `lost; as of ${asClock(store.at)}`);
  mark(connection, "data-state", connected ? "live" : "away");
  paintProblems(status.problems);
  paintFigures(status);
  paintServices(status.services);
  say(byId("footer"), `Times are market time, UTC. Run ${status.run} began ${asTime(status.startedAt)}.`);
}

/** Market time goes on between two messages. */
export function paintClock() {
  const { status, at, connected } = store;
  if (status === undefined) return;
  const { marketTime, speed, clock } = status;
  const moves = connected && clock === "wall" && speed !== null;
  const time = marketTime === null ? undefined : marketTime + (moves ? (Date.now() - at) * speed : 0);
  say(byId("market-time"), time === undefined ? "not set yet" : asTime(time));
  say(byId("market-speed"), speed !== null && speed !== 1 ? `×${String(speed)}` : "");
}

/** Which world this is, said so that nobody can take it for another. */
function paintWorld({ simulated, variants }) {
  const live = variants.filter(({ enabled, label }) => enabled && label === "live");
  const world = live.length > 0 ? "live" : simulated ? "simulated" : "paper";
  const money =
    live.length > 0
      ? `LIVE: ${live.map(({ id }) => id).join(", ")} send${live.length === 1 ? "s" : ""} real orders.`
      : "PAPER MONEY: no real order is sent.";
  const prices = simulated ? "SIMULATED MARKET: these prices are made up, and belong to no venue." : "Prices are market data.";
  say(byId("world"), world === "live" ? "LIVE" : simulated ? "SIMULATED" : "PAPER");
  byId("world").hidden = false;
  mark(byId("world"), "data-world", world);
  const banner = byId("banner");
  banner.hidden = false;
  mark(banner, "data-world", world);
  say(banner, live.length > 0 ? `${money} ${prices}` : `${prices} ${money}`);
  say(byId("market-label"), simulated ? "Simulated market time" : "Market time");
  document.title = `${world.toUpperCase()} · Tradewind`;
}

function paintProblems(problems) {
  byId("problems").hidden = problems.length === 0;
  reconcile(
    byId("problems"),
    problems,
    (text) => text,
    (text) => make("p", {}, text),
    () => undefined,
  );
}

/** Sums are of one currency each: what differs cannot be added. */
function paintFigures({ variants }) {
  const running = variants.filter(({ enabled }) => enabled);
  const sums = new Map();
  for (const { currency, equity, startingBalance } of running) {
    if (equity === undefined || currency === undefined) continue;
    const sum = sums.get(currency) ?? { equity: 0, start: 0 };
    sums.set(currency, { equity: sum.equity + equity, start: sum.start + startingBalance });
  }
  const held = running.reduce((count, { positions = [] }) => count + positions.filter(({ quantity }) => Number(quantity) !== 0).length, 0);
  const orders = running.reduce((count, { openOrders = 0 }) => count + openOrders, 0);
  const halted = running.filter(({ state }) => state === "HALTED").length;
  const figures = [
    ...[...sums].map(([currency, { equity, start }]) => {
      const change = (equity / start - 1) * 100;
      return { name: `Equity, ${currency}`, value: asMoney(equity), note: `${arrowOf(change)} ${asPercent(change)}`, tone: toneOf(change) };
    }),
    {
      name: "Running",
      value: `${running.length}`,
      note: halted > 0 ? `${halted} halted` : `of ${variants.length} variants`,
      tone: halted > 0 ? "warn" : "flat",
    },
    { name: "Positions", value: `${held}`, note: `${orders} open order${orders === 1 ? "" : "s"}`, tone: "flat" },
    { name: "Fills", value: `${store.fills.size >= 100 ? "100+" : store.fills.size}`, note: "latest below", tone: "flat" },
  ];
  reconcile(
    byId("figures"),
    figures,
    ({ name }) => name,
    ({ name }) => {
      const cells = { value: make("strong"), note: make("span", { class: "tone" }) };
      const card = make("div", { class: "figure" }, make("span", { class: "figure-name" }, name), cells.value, cells.note);
      card.cells_ = cells;
      return card;
    },
    (card, { value, note, tone }) => {
      say(card.cells_.value, value);
      say(card.cells_.note, note);
      mark(card.cells_.note, "data-tone", tone);
    },
  );
}

function paintServices(services) {
  const well = services.filter(({ state }) => state === "running").length;
  say(byId("services-figures"), `${well} of ${services.length} running`);
  reconcile(
    byId("service-rows"),
    services,
    ({ instance }) => instance,
    () => {
      const cells = {
        dot: make("span", { class: "dot" }),
        name: make("strong"),
        about: make("span", { class: "about" }),
        note: make("span", { class: "note" }),
      };
      const row = make("li", {}, cells.dot, make("div", {}, make("div", {}, cells.name, cells.about), cells.note));
      row.cells_ = cells;
      return row;
    },
    (row, { service, state, partitions, memoryMb, since, notes }) => {
      const { dot, name, about, note } = row.cells_;
      mark(dot, "data-state", state);
      say(name, service);
      const work = partitions.length === 0 ? "" : ` · ${partitions.length} partition${partitions.length === 1 ? "" : "s"}`;
      say(about, ` ${state} ${asSpan(Date.now() - since)}${work} · ${memoryMb} MB`);
      mark(about, "title", partitions.join(", "));
      say(note, notes.length === 0 ? "" : `${asClock(notes[0].at)} ${notes[0].text}`);
    },
  );
}

/* Zoom, reading and redrawing of the time plots. All of them share one span of time. */
const carried = JSON.parse(document.getElementById("data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
const times = (text, origin) => Float64Array.from(new Uint32Array(bytes(text)), (seconds) => origin + seconds * 1000);
const plots = carried.plots.map((data) => ({
  ...data,
  time: times(data.time, data.origin),
  series: Object.fromEntries(Object.entries(data.series).map(([key, text]) => [key, new Float32Array(bytes(text))])),
  marks: data.marks && { ...data.marks, time: times(data.marks.time, data.origin), price: new Float32Array(bytes(data.marks.price)) },
  figure: document.querySelector(`[data-plot="${data.id}"]`),
  log: false,
}));
const whole = { from: plots[0].time[0] ?? 0, to: plots[0].time.at(-1) ?? 1 };
let span = { ...whole };

function draw(plot) {
  const strips = plot.figure.querySelectorAll(".panel");
  plot.panels.forEach((panel, i) => {
    const view = panelView(panel, plot.time, plot.series, span.from, span.to, plot.log && i === 0);
    strips[i].querySelectorAll("path").forEach((path, k) => path.setAttribute("d", layerPath(view, panel, panel.layers[k], plot.time, plot.series)));
    strips[i].querySelector(".values").innerHTML = valueAxis(view, panel);
    const marks = strips[i].querySelector(".marks");
    if (marks) marks.innerHTML = markUses(view, plot.marks);
  });
  const width = strips[0].clientWidth || 800;
  const axis = plot.figure.querySelector(".times");
  axis.classList.add("fitted");
  axis.innerHTML = timeAxis(span.from, span.to, Math.max(2, Math.min(9, Math.floor(width / 95))));
}

function show(from, to) {
  const least = (whole.to - whole.from) / 5000;
  if (to - from < least) return;
  const width = Math.min(to - from, whole.to - whole.from);
  const start = Math.max(whole.from, Math.min(from, whole.to - width));
  span = { from: start, to: start + width };
  for (const plot of plots) {
    draw(plot);
    for (const button of plot.figure.querySelectorAll("[data-span]"))
      button.setAttribute("aria-pressed", String(Math.abs(Number(button.dataset.span) - width) < 1000));
  }
}

/** Index of the point nearest to a time. */
function nearest(time, at) {
  let low = 0;
  let high = time.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (time[middle] < at) low = middle;
    else high = middle;
  }
  return at - time[low] < time[high] - at ? low : high;
}

/** Puts the crosshair on a time in every plot, or takes it away. */
function read(at) {
  for (const plot of plots) {
    const i = at === null ? plot.time.length - 1 : nearest(plot.time, at);
    for (const cell of plot.figure.querySelectorAll("[data-key]")) cell.textContent = readout(plot.series[cell.dataset.key][i], cell.dataset.unit);
    const cross = plot.figure.querySelector(".cross");
    const place = at === null ? -1 : (plot.time[i] - span.from) / (span.to - span.from);
    cross.hidden = place < 0 || place > 1;
    if (cross.hidden) continue;
    cross.style.setProperty("--at", place);
    cross.classList.toggle("flip", place > 0.5);
    cross.firstElementChild.textContent = dateTime(plot.time[i]);
  }
}

function listen(plot) {
  const stage = plot.figure.querySelector(".stage");
  const brush = plot.figure.querySelector(".brush");
  let start = null;
  let reading = span.to;
  const share = (event) => {
    const box = stage.querySelector(".panel").getBoundingClientRect();
    const gutter = parseFloat(getComputedStyle(stage).getPropertyValue("--gutter"));
    return Math.max(0, Math.min(1, (event.clientX - box.left) / (box.width - gutter)));
  };
  const timeOf = (part) => span.from + part * (span.to - span.from);
  stage.addEventListener("pointermove", (event) => {
    const part = share(event);
    reading = timeOf(part);
    read(reading);
    if (start === null) return;
    brush.hidden = Math.abs(part - start) < 0.01;
    brush.style.setProperty("--from", Math.min(start, part));
    brush.style.setProperty("--to", Math.max(start, part));
  });
  stage.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) start = share(event);
  });
  window.addEventListener("pointerup", (event) => {
    if (start === null) return;
    const [from, to] = [start, share(event)].sort((a, b) => a - b);
    start = null;
    brush.hidden = true;
    if (to - from > 0.01) show(timeOf(from), timeOf(to));
  });
  stage.addEventListener("pointerleave", () => read(null));
  stage.addEventListener("dblclick", () => show(whole.from, whole.to));
  stage.addEventListener("keydown", (event) => {
    const width = span.to - span.from;
    const step = { ArrowLeft: -0.01, ArrowRight: 0.01 }[event.key];
    const zoom = { "+": 0.5, "=": 0.5, "-": 2 }[event.key];
    if (step) reading = Math.max(span.from, Math.min(span.to, reading + step * width));
    else if (zoom) show(reading - (width * zoom) / 2, reading + (width * zoom) / 2);
    else if (event.key === "Escape") show(whole.from, whole.to);
    else return;
    event.preventDefault();
    read(reading);
  });
  plot.figure.querySelector("[data-log]")?.addEventListener("click", (event) => {
    plot.log = !plot.log;
    event.currentTarget.setAttribute("aria-pressed", String(plot.log));
    draw(plot);
  });
}

const DAY = 86_400_000;
const choices = [["1D", DAY], ["1W", 7 * DAY], ["1M", 30.44 * DAY], ["3M", 91.3 * DAY], ["1Y", 365.25 * DAY], ["3Y", 1095.75 * DAY]]
  .filter(([, width]) => width < (whole.to - whole.from) * 0.7 && width > (whole.to - whole.from) / 100)
  .slice(-3);
for (const plot of plots) {
  const ranges = plot.figure.querySelector(".ranges");
  ranges.parentElement.hidden = false;
  for (const [name, width] of [...choices, ["All", whole.to - whole.from]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.dataset.span = width;
    button.addEventListener("click", () => show(span.to - width, span.to));
    ranges.append(button);
  }
  listen(plot);
  plot.figure.closest("details")?.addEventListener("toggle", () => draw(plot));
}
show(whole.from, whole.to);
window.addEventListener("resize", () => plots.forEach(draw));

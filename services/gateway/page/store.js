const ROWS = 100;
const SPARK_POINTS = 90;

/** What the page knows, and who is to be told. Telling happens at most once a frame, and a few times a second. */
export const store = {
  status: undefined,
  decisions: new Map(),
  fills: new Map(),
  lines: new Map(),
  selected: undefined,
  at: 0,
  connected: false,
  /** Of models, as last asked for: the registered ones, what each inference instance holds, the jobs, what went wrong. */
  models: undefined,
  modelStats: undefined,
  jobs: undefined,
  modelsProblem: undefined,
};

const PAINT_MS = 200;
const painters = [];
let due = false;
let painted = 0;

export const onPaint = (painter) => painters.push(painter);

export function touch() {
  if (due) return;
  due = true;
  const wait = Math.max(0, painted + PAINT_MS - performance.now());
  setTimeout(() => requestAnimationFrame(paint), wait);
}

function paint() {
  due = false;
  painted = performance.now();
  for (const painter of painters) painter(store);
}

/** Takes a message of the live stream. */
export function take(message) {
  store.at = Date.now();
  store.status = message.status;
  if (message.type === "snapshot") {
    store.decisions = new Map();
    store.fills = new Map();
    store.lines = new Map(Object.entries(message.lines));
    // Newest first on the wire; newest last in the maps.
    message.decisions = message.decisions.toReversed();
    message.fills = message.fills.toReversed();
  }
  for (const row of message.decisions) keep(store.decisions, row);
  for (const row of message.fills) keep(store.fills, row);
  for (const [id, line] of Object.entries(message.points ?? {})) for (const point of line) extend(id, point);
  const running = store.status.variants.filter(({ enabled }) => enabled);
  if (!store.status.variants.some(({ id }) => id === store.selected)) store.selected = running[0]?.id;
  touch();
}

function keep(rows, row) {
  rows.delete(row.key);
  rows.set(row.key, row);
  if (rows.size > ROWS) rows.delete(rows.keys().next().value);
}

function extend(id, point) {
  const line = store.lines.get(id) ?? [];
  if (line.length > 0 && line.at(-1)[0] >= point[0]) line[line.length - 1] = point;
  else line.push(point);
  // The older half loses every second point: the whole course stays.
  store.lines.set(id, line.length > 2 * SPARK_POINTS ? line.filter((_, i) => i % 2 === 0 || i > SPARK_POINTS) : line);
}

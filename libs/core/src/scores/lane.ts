import { measure, type Yardstick } from "../decide/weights.ts";
import { createDrift, drifts, type Drift } from "./drift.ts";
import { createVoice, loadVoice, logLoss, saveVoice, type LabelMove, type Voice, type Word } from "./voice.ts";

/** What a lane is told. Each subject comes in its own order; between subjects there is none. */
export type ScoreEvent =
  | { readonly type: "close"; readonly closeTime: number; readonly close: number }
  | {
      readonly type: "word";
      /** Hash of the file that spoke; undefined for an abstention of whoever spoke in the model's name before. */
      readonly version: string | undefined;
      /** Said in the model's name, not as a shadow. */
      readonly leads: boolean;
      readonly closeTime: number;
      readonly word: Word;
    };

/** Sums over the closes in the window. */
export interface Sums {
  /** Votes whose result is known. */
  closes: number;
  abstentions: number;
  sum: number;
  squares: number;
  /** Closes with a log loss. */
  losses: number;
  loss: number;
}

/** Who speaks in the model's name, from which close on. */
export interface Tenure {
  readonly version: string;
  readonly since: number;
}

/**
 * The words of a model's versions on the closes of one instrument, and what they were worth: the vote on a close times
 * the return to the next one, in units of the running mean absolute return, as the weights of members are learnt. A
 * function of what was said, whatever came first.
 */
export interface ScoreLane {
  step(event: ScoreEvent): void;
  sums(version: string): Sums;
  /** Calls `take` for each close after `after` on which both have a result, oldest first, with that of `a` less that of `b`. */
  differences(a: string, b: string, after: number, take: (closeTime: number, difference: number) => void): void;
  /** Closes after `after` on which `b` voted and `a` has been heard, and on how many of them `a` abstained. */
  silences(a: string, b: string, after: number): { readonly closes: number; readonly silent: number };
  readonly tenure: Tenure | undefined;
  /** Closes since it began. */
  readonly tenureCloses: number;
  /** Close at which the champion was last found to have become worse. */
  readonly driftedAt: number | undefined;
  snapshot(): unknown;
  restore(state: unknown): void;
}

interface State {
  times: number[];
  closes: number[];
  /** Result of a vote of 1 on that close; NaN until the next one. */
  units: number[];
  yardstick: Yardstick;
  readonly voices: Map<string, Voice>;
  tenure: Tenure | undefined;
  /** Closes of the tenure that have left the window. */
  tenureGone: number;
  /** How the one that leads fares, up to and with the close of `upTo`. */
  watch: { version: string; upTo: number; drift: Drift };
  driftedAt: number | undefined;
}

function emptyState(): State {
  return {
    times: [],
    closes: [],
    units: [],
    yardstick: { scale: 0 },
    voices: new Map(),
    tenure: undefined,
    tenureGone: 0,
    watch: { version: "", upTo: -Infinity, drift: createDrift() },
    driftedAt: undefined,
  };
}

/** Rows beyond the window that go at once. */
const SLACK = 128;
/** Words that wait for candles; beyond, the oldest is dropped. */
const EARLY_MOST = 4_096;

/** `window`: closes looked back on. `labelOf`: what the label of a version looks at. */
export function createScoreLane(window: number, labelOf: (version: string) => LabelMove): ScoreLane {
  const state = emptyState();

  function voiceOf(version: string): Voice {
    let voice = state.voices.get(version);
    if (voice === undefined) state.voices.set(version, (voice = createVoice(state.times.length, labelOf(version))));
    return voice;
  }

  function onWord(version: string | undefined, leads: boolean, closeTime: number, word: Word): void {
    const speaker = version ?? state.tenure?.version;
    if (speaker === undefined) return;
    if (leads && state.tenure?.version !== speaker) {
      state.tenure = { version: speaker, since: closeTime };
      state.tenureGone = 0;
      state.driftedAt = undefined;
    }
    const voice = voiceOf(speaker);
    voice.newest = Math.max(voice.newest, closeTime);
    const row = rowOf(state.times, closeTime);
    if (row !== undefined) put(state, voice, row, word);
    else if (closeTime > (state.times.at(-1) ?? -Infinity) && voice.early.size < EARLY_MOST) voice.early.set(closeTime, word);
  }

  return {
    step(event) {
      if (event.type === "close") addRow(state, event.closeTime, event.close, window);
      else onWord(event.version, event.leads, event.closeTime, event.word);
      watchDrift(state);
    },
    sums: (version) => sumsOf(state, version, window),
    differences(a, b, after, take) {
      const [one, other] = [state.voices.get(a), state.voices.get(b)];
      if (one === undefined || other === undefined) return;
      const until = Math.min(one.newest, other.newest);
      for (let row = firstAfter(state.times, after); row < state.times.length && state.times[row]! <= until; row++) {
        const difference = (one.votes[row]! - other.votes[row]!) * state.units[row]!;
        if (difference === difference) take(state.times[row]!, difference);
      }
    },
    silences(a, b, after) {
      const [one, other] = [state.voices.get(a), state.voices.get(b)];
      let [closes, silent] = [0, 0];
      if (one === undefined || other === undefined) return { closes, silent };
      for (let row = firstAfter(state.times, after); row < state.times.length; row++) {
        if (other.said[row] !== 1 || one.said[row] === 0) continue;
        closes += 1;
        if (one.said[row] === 2) silent += 1;
      }
      return { closes, silent };
    },
    get tenure() {
      return state.tenure;
    },
    get tenureCloses() {
      if (state.tenure === undefined) return 0;
      return state.tenureGone + state.times.length - firstAfter(state.times, state.tenure.since - 1);
    },
    get driftedAt() {
      return state.driftedAt;
    },
    snapshot: () => saved(state),
    restore: (from) => void Object.assign(state, loaded(from as State)),
  };
}

/** A copy, with columns in the types that keep them short. */
function saved(state: State): unknown {
  return {
    ...state,
    times: Float64Array.from(state.times),
    closes: Float64Array.from(state.closes),
    units: Float32Array.from(state.units),
    yardstick: { ...state.yardstick },
    voices: new Map([...state.voices].map(([version, voice]) => [version, saveVoice(voice)])),
    watch: { ...state.watch, drift: { ...state.watch.drift } },
  };
}

function loaded(from: State): State {
  return {
    ...from,
    times: [...from.times],
    closes: [...from.closes],
    units: [...from.units],
    yardstick: { ...from.yardstick },
    voices: new Map([...from.voices].map(([version, voice]) => [version, loadVoice(voice as never)])),
    watch: { ...from.watch, drift: { ...from.watch.drift } },
  };
}

function addRow(state: State, closeTime: number, close: number, window: number): void {
  const { times, closes, units } = state;
  if (closeTime <= (times.at(-1) ?? -Infinity)) return;
  if (times.length > 0) units[times.length - 1] = Math.fround(measure(state.yardstick, close / closes.at(-1)! - 1));
  times.push(closeTime);
  closes.push(close);
  units.push(Number.NaN);
  for (const voice of state.voices.values()) {
    voice.said.push(0);
    voice.votes.push(Number.NaN);
    voice.losses.push(Number.NaN);
    const word = voice.early.get(closeTime);
    if (word !== undefined) put(state, voice, times.length - 1, word);
    // Candles come in order: an older one that is not there will not come.
    for (const early of voice.early.keys()) if (early <= closeTime) voice.early.delete(early);
    for (const opened of voice.open.keys()) settle(state, voice, opened);
  }
  if (times.length >= window + SLACK) drop(state, times.length - window);
}

/** The first word on a close counts. */
function put(state: State, voice: Voice, row: number, { vote, probabilities }: Word): void {
  if (voice.said[row] !== 0) return;
  voice.said[row] = vote === undefined ? 2 : 1;
  voice.votes[row] = Math.fround(vote ?? Number.NaN);
  if (probabilities === undefined) return;
  voice.open.set(state.times[row]!, probabilities);
  settle(state, voice, state.times[row]!);
}

/** Books the loss of a word when its label has come true. */
function settle({ times, closes }: State, voice: Voice, closeTime: number): void {
  const row = rowOf(times, closeTime);
  const end = (row ?? 0) + voice.label.closes;
  if (row !== undefined && end >= times.length) return;
  if (row !== undefined) {
    const move = closes[end]! / closes[row]! - 1;
    voice.losses[row] = Math.fround(logLoss(voice.open.get(closeTime)!, move, voice.label.band));
  }
  voice.open.delete(closeTime);
}

function drop(state: State, rows: number): void {
  if (state.tenure !== undefined) state.tenureGone += Math.max(0, rows - firstAfter(state.times, state.tenure.since - 1));
  const columns = [state.times, state.closes, state.units];
  for (const { said, votes, losses } of state.voices.values()) columns.push(said, votes, losses);
  for (const column of columns) column.splice(0, rows);
  for (const [version, { said, early }] of state.voices)
    if (early.size === 0 && !said.includes(1) && !said.includes(2)) state.voices.delete(version);
}

/** Folds what has become known of the one that leads. */
function watchDrift(state: State): void {
  const { tenure, times, units, watch } = state;
  if (tenure === undefined) return;
  if (watch.version !== tenure.version) state.watch = { version: tenure.version, upTo: tenure.since - 1, drift: createDrift() };
  const { version, drift } = state.watch;
  const voice = state.voices.get(version);
  if (voice === undefined) return;
  for (let row = firstAfter(times, state.watch.upTo); row < times.length && times[row]! <= voice.newest; row++) {
    // NaN: the next close, or what the label looks at, is still to come.
    if (Number.isNaN(units[row]!) || voice.open.has(times[row]!)) return;
    state.watch.upTo = times[row]!;
    if (voice.said[row] !== 1) continue;
    const loss = voice.losses[row]!;
    if (!drifts(drift, Number.isNaN(loss) ? -voice.votes[row]! * units[row]! : loss)) continue;
    state.driftedAt = times[row]!;
    state.watch.drift = createDrift();
    return watchDrift(state);
  }
}

function sumsOf({ times, units, voices }: State, version: string, window: number): Sums {
  const sums: Sums = { closes: 0, abstentions: 0, sum: 0, squares: 0, losses: 0, loss: 0 };
  const voice = voices.get(version);
  if (voice === undefined) return sums;
  for (let row = Math.max(0, times.length - window); row < times.length; row++) {
    if (voice.said[row] === 2) sums.abstentions += 1;
    const result = voice.votes[row]! * units[row]!;
    if (result === result) {
      sums.closes += 1;
      sums.sum += result;
      sums.squares += result * result;
    }
    const loss = voice.losses[row]!;
    if (loss === loss) {
      sums.losses += 1;
      sums.loss += loss;
    }
  }
  return sums;
}

/** Index of the first time after `after`. */
function firstAfter(times: readonly number[], after: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

function rowOf(times: readonly number[], closeTime: number): number | undefined {
  const row = firstAfter(times, closeTime) - 1;
  return row >= 0 && times[row] === closeTime ? row : undefined;
}

/** What a label looks at: whether the price has moved by more than `band` (a share of it) after so many closes. */
export interface LabelMove {
  readonly closes: number;
  readonly band: number;
}

export type Probabilities = Readonly<Record<string, number>>;

/** A word on one close: a vote in -1..1, or undefined for an abstention. */
export interface Word {
  readonly vote: number | undefined;
  readonly probabilities?: Probabilities | undefined;
}

/** What one version of a model has said, by row of its lane. */
export interface Voice {
  readonly label: LabelMove;
  /** 0 nothing yet, 1 a vote, 2 an abstention. */
  said: number[];
  /** NaN where there is none. */
  votes: number[];
  /** Log loss of the probabilities against what happened; NaN where that is not known. */
  losses: number[];
  /** Probabilities whose outcome is not known, by close time. */
  readonly open: Map<number, Probabilities>;
  /** Words on closes whose candle is not there, by close time. */
  readonly early: Map<number, Word>;
  /** The newest close it has spoken on: it speaks in order, so there is no word to come on older ones. */
  newest: number;
}

/** A probability of 0 for what came would make one loss infinite. */
const PROBABILITY_LEAST = 1e-7;

/** A voice that has said nothing on the rows there are. */
export function createVoice(rows: number, label: LabelMove): Voice {
  const silent = (): number[] => Array.from({ length: rows }, () => Number.NaN);
  return {
    label,
    said: Array.from({ length: rows }, () => 0),
    votes: silent(),
    losses: silent(),
    open: new Map(),
    early: new Map(),
    newest: -Infinity,
  };
}

/** Log loss of what was said, when the price has moved by `move`. NaN when no class of it is what came. */
export function logLoss(probabilities: Probabilities, move: number, band: number): number {
  const came = Math.abs(move) > band || probabilities["flat"] === undefined ? (move > 0 ? "up" : "down") : "flat";
  const given = probabilities[came];
  return given === undefined ? Number.NaN : -Math.log(Math.max(PROBABILITY_LEAST, given));
}

/** A checkpoint is one value of the bus, so columns are kept as float32, which their numbers are rounded to at once. */
interface SavedVoice extends Omit<Voice, "said" | "votes" | "losses"> {
  readonly said: Uint8Array;
  readonly votes: Float32Array;
  readonly losses: Float32Array;
}

export function saveVoice(voice: Voice): SavedVoice {
  return {
    ...voice,
    said: Uint8Array.from(voice.said),
    votes: Float32Array.from(voice.votes),
    losses: Float32Array.from(voice.losses),
    open: new Map(voice.open),
    early: new Map(voice.early),
  };
}

export function loadVoice(saved: SavedVoice): Voice {
  return {
    ...saved,
    said: [...saved.said],
    votes: [...saved.votes],
    losses: [...saved.losses],
    open: new Map(saved.open),
    early: new Map(saved.early),
  };
}

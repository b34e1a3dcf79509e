/** What class probabilities say of the next move. */
export interface Verdict {
  /** Probability of up less that of down, -1..1. */
  readonly score: number;
  /** The largest probability. */
  readonly confidence: number;
  readonly probabilities: Readonly<Record<string, number>>;
}

/** Reads row `row` of a model's outputs; `labels` has "down" and "up" among its names. */
export function verdictOf(probabilities: Float32Array, row: number, labels: readonly string[]): Verdict {
  const own = probabilities.subarray(row * labels.length, (row + 1) * labels.length);
  const score = own[labels.indexOf("up")]! - own[labels.indexOf("down")]!;
  return {
    score: Math.min(1, Math.max(-1, score)),
    confidence: Math.min(1, Math.max(...own)),
    probabilities: Object.fromEntries(labels.map((label, i) => [label, own[i]!])),
  };
}

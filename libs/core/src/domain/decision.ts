export type Action = "BUY" | "SELL" | "HOLD";

/** A strategy's view on the close of one candle. */
export interface Signal {
  /** Member that speaks: a strategy's name, or the name given under `members`. */
  readonly source: string;
  readonly instrument: string;
  readonly closeTime: number;
  readonly action: Action;
  /** 0..1. */
  readonly confidence: number;
  readonly reason: string;
  /** Protective price asked for by the strategy; it overrides the variant's `exits`. */
  readonly stop?: number;
  readonly target?: number;
}

/** A model's scores on the close of one candle. `score` in -1..1: probability of up less that of down. */
export interface Prediction {
  readonly source: string;
  readonly instrument: string;
  readonly closeTime: number;
  readonly score: number;
  readonly confidence: number;
  readonly modelHash: string;
  readonly featureSchema: string;
  /** Class probabilities by label. */
  readonly probabilities?: Readonly<Record<string, number>> | undefined;
}

/** A member that does not vote on this close, and why. First-class: a late model is not a silent one. */
export interface Abstention {
  readonly source: string;
  readonly instrument: string;
  readonly closeTime: number;
  readonly reason: string;
}

/** One member's part in a decision. `vote` is -1..1, null when it abstained. */
export interface Vote {
  readonly source: string;
  readonly vote: number | null;
  readonly weight: number;
  readonly reason: string;
}

/** What a variant decided on one close of one instrument. There is exactly one per close, HOLD included. */
export interface Decision {
  readonly variant: string;
  readonly instrument: string;
  readonly closeTime: number;
  /** Close price it was made on: the reference for sizing and exits. */
  readonly close: number;
  readonly action: Action;
  /** Weighted vote in -1..1. */
  readonly score: number;
  readonly votes: readonly Vote[];
  readonly reason: string;
  /** After this event time it may no longer be traded. */
  readonly validUntil: number;
  readonly entryAllowed: boolean;
  readonly stop?: number;
  readonly target?: number;
  /** Regime whose weights were used, where the variant tells regimes apart. */
  readonly regime?: string;
}

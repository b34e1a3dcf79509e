import {
  createPrng,
  createScoreboard,
  decodeSnapshot,
  encodeSnapshot,
  windowFor,
  type Judgement,
  type PromotionRules,
  type Prng,
  type Scoreboard,
  type Word,
} from "../../src/index.ts";
import { MINUTE, T0 } from "./builders.ts";

export const CHAMPION = "c".repeat(64);
export const SHADOW = "5".repeat(64);
export const RULES: PromotionRules = { leastCloses: 200, margin: 2, probationCloses: 500 };
export const closeTimeOf = (bar: number): number => T0 + (bar + 1) * MINUTE;

/** A market and two versions that vote on it, each right with its own chance. */
export interface Match {
  readonly board: Scoreboard;
  /** Goes on with a board restored from the text of this one. */
  handOver(): void;
  /** Plays so many closes; `skill` is the chance of the champion's and of the shadow's vote to be right, `silence` of whoever leads to abstain. */
  play(closes: number, skill: readonly [champion: number, shadow: number], silence?: number): void;
  readonly bars: number;
}

/** `leads`: who speaks in the model's name. */
export function createMatch(seed: number, leads: () => string = () => CHAMPION): Match {
  const prng = createPrng(seed);
  const fresh = (): Scoreboard => createScoreboard(["a"], windowFor(RULES), () => ({ closes: 1, band: 0 }));
  let board = fresh();
  let bars = 0;
  let price = 100;
  const said = (version: string, change: number, skill: number, silence: number): Word => {
    const word = wordOf(prng, change, skill);
    return silence > 0 && leads() === version && prng.chance(silence) ? { vote: undefined } : word;
  };
  return {
    get board() {
      return board;
    },
    handOver() {
      const text = encodeSnapshot(board.snapshot());
      board = fresh();
      board.restore(decodeSnapshot(text));
    },
    get bars() {
      return bars;
    },
    play(closes, [champion, shadow], silence = 0) {
      for (let i = 0; i < closes; i++, bars++) {
        const change = 0.001 * prng.normal();
        const closeTime = closeTimeOf(bars);
        board.step("a", { type: "close", closeTime, close: price });
        for (const [version, skill] of [
          [CHAMPION, champion],
          [SHADOW, shadow],
        ] as const)
          board.step("a", { type: "word", version, leads: leads() === version, closeTime, word: said(version, change, skill, silence) });
        price *= 1 + change;
      }
    },
  };
}

function wordOf(prng: Prng, change: number, skill: number) {
  const up = change > 0 === prng.chance(skill);
  const size = 0.2 + 0.6 * prng.next();
  const vote = up ? size : -size;
  return { vote, probabilities: { down: (1 - vote) / 2, up: (1 + vote) / 2 } };
}

/** Closes until the shadow is promoted; undefined when it is not within `most`. */
export function closesToPromotion(seed: number, skill: readonly [number, number], most: number): number | undefined {
  const match = createMatch(seed);
  while (match.bars < most) {
    match.play(50, skill);
    if (verdictOf(match).verdicts.get(SHADOW)?.action === "promote") return match.bars;
  }
  return undefined;
}

export const verdictOf = ({ board }: Match): Judgement => board.judge({ champion: CHAMPION, shadows: [SHADOW] }, RULES);

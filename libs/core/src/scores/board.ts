import { createScoreLane, type ScoreEvent, type ScoreLane, type Sums } from "./lane.ts";
import { meanFrom, promotionVerdict, type PromotionRules, type PromotionVerdict } from "./promotion.ts";
import type { LabelMove } from "./voice.ts";

/** What the votes of one version were worth over the closes looked back on. */
export interface VersionFigures {
  /** Votes whose result is known. */
  readonly closes: number;
  readonly abstentions: number;
  /** Of the results, in usual returns per close; undefined while there are too few. */
  readonly mean?: number;
  readonly standardError?: number;
  /** Mean log loss of its probabilities against what happened, where it gave any. */
  readonly logLoss?: number;
}

/** Who is compared. Versions go by the hash of their file. */
export interface Rivals {
  readonly champion: string;
  readonly shadows: readonly string[];
  /** The shadow that was champion before. */
  readonly former?: string | undefined;
}

export interface Judgement {
  /** The last verdict on each shadow. */
  readonly verdicts: ReadonlyMap<string, PromotionVerdict>;
  /** Whether the former champion's probation is over. */
  readonly probationOver: boolean;
}

/** The scores of one model's versions over all instruments it speaks on. */
export interface Scoreboard {
  step(lane: string, event: ScoreEvent): void;
  /** Over one lane, or over all of them. */
  figures(version: string, lane?: string): VersionFigures;
  /**
   * Compares the shadows with the champion since it is one. They are looked at when they have `leastCloses` in common,
   * then at twice and four times as many, and then anew: who looks at every close finds a difference where there is
   * none. A former champion comes back, too, when the one after it abstains on most closes. A verdict stands until the next look. Being called late changes nothing; call it every hundred closes or so.
   */
  judge(rivals: Rivals, rules: PromotionRules): Judgement;
  /** Newest close on which the champion was found to have become worse, on any lane. */
  readonly driftedAt: number | undefined;
  snapshot(): unknown;
  restore(state: unknown): void;
}

/** Looks at one comparison before it begins anew: at 1, 2 and 4 times the least closes. */
const LOOKS = 3;
/**
 * Three looks find a difference where there is none more often than one; a margin wider by this share makes up for it
 * (Pocock, 1977, for margins about 2).
 */
const LOOKS_WIDEN = 1.15;

/** Closes a lane must look back on so that the largest look fits, with room for being judged late. */
export function windowFor({ leastCloses, probationCloses }: PromotionRules): number {
  return Math.max(leastCloses * 2 ** (LOOKS - 1) + 200, probationCloses + 200, 500);
}

interface Comparison {
  readonly champion: string;
  /** Closes up to this one do not count. */
  readonly since: number;
  readonly looks: number;
  readonly verdict: PromotionVerdict | undefined;
}

/** `lanes`: the (venue, instrument) pairs, by any name. */
export function createScoreboard(lanes: readonly string[], window: number, labelOf: (version: string) => LabelMove): Scoreboard {
  const board = new Map(lanes.map((name): [string, ScoreLane] => [name, createScoreLane(window, labelOf)]));
  let comparisons = new Map<string, Comparison>();

  return {
    step: (lane, event) => board.get(lane)?.step(event),
    figures: (version, lane) =>
      figuresOf([...board].filter(([name]) => lane === undefined || name === lane).map(([, each]) => each.sums(version))),
    judge({ champion, shadows, former }, rules) {
      const leading = [...board.values()].filter(({ tenure }) => tenure?.version === champion);
      const began = Math.max(...leading.map(({ tenure }) => tenure!.since - 1));
      const known = comparisons;
      comparisons = new Map();
      const verdicts = new Map<string, PromotionVerdict>();
      for (const shadow of leading.length === 0 ? [] : shadows) {
        const before = known.get(shadow);
        const fresh: Comparison = { champion, since: began, looks: 0, verdict: undefined };
        const from = before?.champion === champion && before.since >= began ? before : fresh;
        const pairs = pairsOf(leading, champion, shadow, from.since);
        const comparison = look(from, pairs, shadow === former, rules);
        comparisons.set(shadow, comparison);
        const mute = shadow === former ? silenceOf(leading, champion, shadow, began, rules) : undefined;
        if (mute !== undefined) {
          verdicts.set(shadow, mute);
          continue;
        }
        const soFar = (): PromotionVerdict => promotionVerdict({ differences: pairs.differences, former: shadow === former, rules });
        verdicts.set(shadow, comparison.verdict ?? soFar());
      }
      const closes = Math.max(0, ...leading.map(({ tenureCloses }) => tenureCloses));
      return { verdicts, probationOver: closes > rules.probationCloses };
    },
    get driftedAt() {
      const times = [...board.values()].flatMap(({ driftedAt }) => driftedAt ?? []);
      return times.length === 0 ? undefined : Math.max(...times);
    },
    snapshot: () => ({ lanes: new Map([...board].map(([name, lane]) => [name, lane.snapshot()])), comparisons: new Map(comparisons) }),
    restore(state) {
      const saved = state as { lanes: ReadonlyMap<string, unknown>; comparisons: ReadonlyMap<string, Comparison> };
      for (const [name, lane] of board) if (saved.lanes.has(name)) lane.restore(saved.lanes.get(name));
      comparisons = new Map(saved.comparisons);
    },
  };
}

interface Pairs {
  readonly times: readonly number[];
  readonly differences: readonly number[];
}

/** One difference a close: the mean over the instruments on which both spoke, since those move together. */
function pairsOf(lanes: readonly ScoreLane[], champion: string, shadow: string, since: number): Pairs {
  const byTime = new Map<number, { sum: number; count: number }>();
  for (const lane of lanes)
    lane.differences(shadow, champion, since, (time, difference) => {
      const at = byTime.get(time);
      if (at === undefined) byTime.set(time, { sum: difference, count: 1 });
      else {
        at.sum += difference;
        at.count += 1;
      }
    });
  const sorted = lanes.length === 1 ? [...byTime] : [...byTime].sort(([a], [b]) => a - b);
  return { times: sorted.map(([time]) => time), differences: sorted.map(([, { sum, count }]) => sum / count) };
}

function look(from: Comparison, { times, differences }: Pairs, former: boolean, rules: PromotionRules): Comparison {
  let { looks, verdict } = from;
  const widened = { ...rules, margin: LOOKS_WIDEN * rules.margin };
  for (; looks < LOOKS && differences.length >= rules.leastCloses * 2 ** looks; looks++) {
    const closes = rules.leastCloses * 2 ** looks;
    verdict = promotionVerdict({ differences: differences.slice(0, closes), former, rules: widened });
    if (looks === LOOKS - 1) return { ...from, since: times[closes - 1]!, looks: 0, verdict };
    // What is proven waits for whoever acts on it.
    if (verdict.action !== "keep") return { ...from, looks: looks + 1, verdict };
  }
  return { ...from, looks, verdict };
}

/** A new champion that hardly speaks gives nothing to compare, and is worse all the same than one that does. */
function silenceOf(
  lanes: readonly ScoreLane[],
  champion: string,
  former: string,
  since: number,
  { leastCloses }: PromotionRules,
): PromotionVerdict | undefined {
  const all = lanes.map((lane) => lane.silences(champion, former, since));
  const closes = all.reduce((sum, each) => sum + each.closes, 0);
  const silent = all.reduce((sum, each) => sum + each.silent, 0);
  if (closes < leastCloses || 2 * silent <= closes) return undefined;
  const reason = `the champion has abstained on ${silent} of ${closes} closes on which its predecessor spoke`;
  return { action: "roll_back", reason, closes, mean: Number.NaN, standardError: Number.NaN };
}

function figuresOf(lanes: readonly Sums[]): VersionFigures {
  const total = (pick: (sums: Sums) => number): number => lanes.reduce((sum, lane) => sum + pick(lane), 0);
  const closes = total((sums) => sums.closes);
  const losses = total((sums) => sums.losses);
  const { mean, standardError } = meanFrom(
    closes,
    total(({ sum }) => sum),
    total(({ squares }) => squares),
  );
  return {
    closes,
    abstentions: total(({ abstentions }) => abstentions),
    ...(closes > 1 && { mean, standardError }),
    ...(losses > 0 && { logLoss: total(({ loss }) => loss) / losses }),
  };
}

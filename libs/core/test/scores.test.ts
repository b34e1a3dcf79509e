import { describe, expect, test } from "vitest";
import {
  createDrift,
  createPrng,
  createScoreLane,
  drifts,
  encodeSnapshot,
  promotionVerdict,
  type ScoreEvent,
  type ScoreLane,
} from "../src/index.ts";
import { CHAMPION, closesToPromotion, closeTimeOf, createMatch, RULES, SHADOW, verdictOf } from "./support/rivals.ts";

const lane = (window = 500): ScoreLane => createScoreLane(window, () => ({ closes: 1, band: 0.001 }));
const close = (bar: number, price: number): ScoreEvent => ({ type: "close", closeTime: closeTimeOf(bar), close: price });
const says = (version: string, bar: number, vote: number | undefined, probabilities?: Record<string, number>): ScoreEvent => ({
  type: "word",
  version,
  leads: version === CHAMPION,
  closeTime: closeTimeOf(bar),
  word: { vote, probabilities },
});

describe("given words and the closes after them", () => {
  test("when results are summed, then each is vote times return in usual returns, and the newest is open", () => {
    const one = lane();
    for (const event of [close(0, 100), says(CHAMPION, 0, 0.5), close(1, 101), says(CHAMPION, 1, -1), close(2, 102.01)]) one.step(event);
    // Both returns are of 1 %: the usual one.
    expect(one.sums(CHAMPION).sum).toBeCloseTo(0.5 - 1, 5);
    one.step(says(CHAMPION, 2, 1));
    expect(one.sums(CHAMPION).closes).toBe(2);
  });

  test("when a version gave probabilities, then its log loss is against what the label's move came to", () => {
    const one = lane();
    const probabilities = { down: 0.2, flat: 0.3, up: 0.5 };
    const prices = [100, 101, 101.05, 100];
    prices.forEach((price, bar) => {
      one.step(close(bar, price));
      one.step(says(CHAMPION, bar, 0.3, probabilities));
    });
    const { losses, loss } = one.sums(CHAMPION);
    expect(losses).toBe(3);
    expect(loss).toBeCloseTo(-Math.log(0.5) - Math.log(0.3) - Math.log(0.2), 5);
  });

  test("when a version abstains, then that is counted and no result", () => {
    const one = lane();
    [close(0, 100), says(CHAMPION, 0, undefined), close(1, 101), says(CHAMPION, 1, 1), close(2, 102)].forEach(one.step);
    one.step({ type: "word", version: undefined, leads: true, closeTime: closeTimeOf(2), word: { vote: undefined } });
    expect(one.sums(CHAMPION)).toMatchObject({ closes: 1, abstentions: 2 });
  });

  test("when subjects come in any order between them, before or after the candles, then the scores are the same bytes", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const prng = createPrng(seed);
      const subjects: ScoreEvent[][] = [[], [], []];
      let price = 100;
      for (let bar = 0; bar < 300; bar++) {
        price *= 1 + 0.002 * prng.normal();
        if (!prng.chance(0.02)) subjects[0]!.push(close(bar, price));
        for (const [i, version] of [CHAMPION, SHADOW].entries())
          subjects[i + 1]!.push(says(version, bar, prng.chance(0.1) ? undefined : 2 * prng.next() - 1, { down: 0.3, up: 0.7 }));
      }
      const told = [0, 1].map(() => {
        const one = lane();
        const waiting = subjects.map((subject) => [...subject]);
        // Each runs ahead of the others as far as it likes.
        for (let rest = waiting; rest.length > 0; rest = waiting.filter((subject) => subject.length > 0)) {
          const subject = rest[prng.below(rest.length)]!;
          subject.splice(0, 1 + prng.below(60)).forEach(one.step);
        }
        const differences: number[][] = [];
        one.differences(SHADOW, CHAMPION, 0, (...pair) => differences.push(pair));
        return { sums: [one.sums(CHAMPION), one.sums(SHADOW)], differences, drifted: one.driftedAt, tenure: one.tenureCloses };
      });
      expect(encodeSnapshot(told[1]), `seed ${seed}`).toBe(encodeSnapshot(told[0]));
    }
  });

  test("when it is cut anywhere and restored from text, then it goes on bit for bit, windows and looks with it", () => {
    for (let seed = 1; seed <= 6; seed++) {
      const [whole, cut] = [createMatch(seed), createMatch(seed)];
      for (let part = 0; part < 16; part++) {
        for (const match of [whole, cut]) match.play(100, [0.5, 0.6]);
        cut.handOver();
        expect(verdictOf(cut)).toEqual(verdictOf(whole));
      }
      const text = encodeSnapshot(whole.board.snapshot());
      expect(encodeSnapshot(cut.board.snapshot()), `seed ${seed}`).toBe(text);
      // Several instruments must fit into one value of the bus.
      expect(text.length).toBeLessThan(70_000);
    }
  });
});

describe("given the rule of promotion", () => {
  const rules = { leastCloses: 4, margin: 2, probationCloses: 10 };
  test("when there are too few closes in common, then the champion is kept, and it says how many are needed", () => {
    expect(promotionVerdict({ differences: [1, 1, 1], former: false, rules })).toMatchObject({ action: "keep", closes: 3 });
  });
  test("when the mean lies above by more than the margin, then the shadow is promoted, and a former champion comes back", () => {
    const differences = [1, 1.2, 0.8, 1.1];
    expect(promotionVerdict({ differences, former: false, rules }).action).toBe("promote");
    expect(promotionVerdict({ differences, former: true, rules }).action).toBe("roll_back");
  });
  test("when the mean lies above by less, or below, then the champion is kept", () => {
    expect(promotionVerdict({ differences: [3, -2, 2, -1], former: false, rules }).action).toBe("keep");
    expect(promotionVerdict({ differences: [-1, -1.1, -0.9, -1], former: false, rules }).action).toBe("keep");
    expect(promotionVerdict({ differences: [0, 0, 0, 0], former: false, rules: { ...rules, margin: 0 } }).action).toBe("keep");
  });

  test("when a shadow is truly better, then it is promoted within 1,000 closes; when it is as good, hardly ever", () => {
    const better = Array.from({ length: 40 }, (_, i) => closesToPromotion(i + 1, [0.5, 0.68], 1_000));
    expect(better.filter((closes) => closes === undefined)).toEqual([]);
    const equal = Array.from({ length: 100 }, (_, i) => closesToPromotion(i + 1, [0.55, 0.55], 800));
    expect(equal.filter((closes) => closes !== undefined).length).toBeLessThanOrEqual(7);
  });

  test("when a new champion turns worse than the one before it, then that one comes back within its probation", () => {
    for (let seed = 1; seed <= 20; seed++) {
      let champion = CHAMPION;
      const match = createMatch(seed, () => champion);
      match.play(400, [0.45, 0.7]);
      expect(verdictOf(match).verdicts.get(SHADOW)?.action, `seed ${seed}`).toBe("promote");
      champion = SHADOW;
      const judge = () => match.board.judge({ champion: SHADOW, shadows: [CHAMPION], former: CHAMPION }, RULES);
      match.play(150, [0.7, 0.4]);
      // What the former one had shown before it was replaced does not count, nor do too few closes.
      expect(judge().verdicts.get(CHAMPION)?.action).toBe("keep");
      match.play(300, [0.7, 0.4]);
      expect(judge()).toMatchObject({ probationOver: false });
      expect(judge().verdicts.get(CHAMPION)?.action, `seed ${seed}`).toBe("roll_back");
    }
  });

  test("when a new champion abstains on most closes, then the former one comes back", () => {
    let champion = CHAMPION;
    const match = createMatch(3, () => champion);
    match.play(300, [0.5, 0.5]);
    champion = SHADOW;
    const judge = () => match.board.judge({ champion: SHADOW, shadows: [CHAMPION], former: CHAMPION }, RULES).verdicts.get(CHAMPION);
    match.play(220, [0.5, 0.5], 0.4);
    expect(judge()?.action).toBe("keep");
    match.play(220, [0.5, 0.5], 0.9);
    expect(judge()).toMatchObject({ action: "roll_back", reason: expect.stringMatching(/has abstained on \d+ of \d+ closes/) });
  });

  test("when a probation has passed, then it is over", () => {
    const match = createMatch(1);
    match.play(500, [0.5, 0.5]);
    expect(verdictOf(match).probationOver).toBe(false);
    match.play(50, [0.5, 0.5]);
    expect(verdictOf(match).probationOver).toBe(true);
  });

  test("when two equals are exchanged whenever the rule says so, then they change places about as rarely as chance allows", () => {
    let changes = 0;
    for (let seed = 1; seed <= 5; seed++) {
      let [champion, shadow] = [CHAMPION, SHADOW];
      const match = createMatch(seed, () => champion);
      let changedAt = -Infinity;
      while (match.bars < 8_000) {
        match.play(40, [0.55, 0.55]);
        const { verdicts } = match.board.judge({ champion, shadows: [shadow], former: shadow }, RULES);
        if (verdicts.get(shadow)?.action !== "roll_back") continue;
        expect(match.bars - changedAt).toBeGreaterThanOrEqual(RULES.leastCloses);
        changedAt = match.bars;
        [champion, shadow] = [shadow, champion];
        changes += 1;
      }
    }
    expect(changes).toBeLessThanOrEqual(6);
  });
});

describe("given a champion that is watched for drift", () => {
  test("when it turns worse, then that is found within 400 closes; while it stays as it was, never", () => {
    for (let seed = 1; seed <= 15; seed++) {
      const match = createMatch(seed);
      match.play(1_000, [0.65, 0.5]);
      expect(match.board.driftedAt, `seed ${seed}`).toBeUndefined();
      match.play(400, [0.35, 0.5]);
      expect(match.board.driftedAt, `seed ${seed}`).toBeGreaterThan(closeTimeOf(1_000));
    }
  });

  test("when values only scatter, then there is no alarm; when their mean grows, there is", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const prng = createPrng(seed);
      const drift = createDrift();
      const alarmed = (shift: number): boolean => drifts(drift, 5 + 3 * (prng.normal() + shift));
      expect(Array.from({ length: 1_000 }, () => alarmed(0)).some(Boolean), `seed ${seed}`).toBe(false);
      expect(Array.from({ length: 300 }, () => alarmed(1)).some(Boolean), `seed ${seed}`).toBe(true);
    }
  });
});

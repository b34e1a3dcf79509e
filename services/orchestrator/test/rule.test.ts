import { describe, expect, test } from "vitest";
import { withState, type ModelRecord } from "@tradewind/contracts";
import type { Judgement, PromotionVerdict } from "@tradewind/core";
import { actOf, formerOf, RULE } from "../src/scores/rule.ts";

const rules = { leastCloses: 100, margin: 2, probationCloses: 500 };
const verdict = (action: PromotionVerdict["action"], mean: number, closes = 100): PromotionVerdict => ({
  action,
  reason: `mean ${mean}`,
  closes,
  mean,
  standardError: 0.1,
});
const judged = (verdicts: Record<string, PromotionVerdict>, probationOver = false): Judgement => ({
  verdicts: new Map(Object.entries(verdicts)),
  probationOver,
});

describe("given what the rule of promotion has found", () => {
  test("when a shadow and the former champion are both better, then the former one comes back", () => {
    const found = judged({ a: verdict("promote", 0.9), f: verdict("roll_back", 0.3) });
    expect(actOf(found, "f", rules)).toEqual({ action: "roll_back", sha256: "f", reason: "mean 0.3" });
  });

  test("when several shadows are better, then the surest is promoted", () => {
    expect(actOf(judged({ a: verdict("promote", 0.3), b: verdict("promote", 0.5) }), undefined, rules)?.sha256).toBe("b");
  });

  test("when nobody is better, then nothing is done, until the former champion's probation is over", () => {
    const verdicts = { f: verdict("keep", -1), a: verdict("keep", 0) };
    expect(actOf(judged(verdicts), "f", rules)).toBeUndefined();
    expect(actOf(judged(verdicts, true), "f", rules)).toMatchObject({ action: "retire", sha256: "f" });
    expect(actOf(judged(verdicts, true), undefined, rules)).toBeUndefined();
  });

  test("when there are too many shadows, then the least good that was compared retires, not one on trial or on probation", () => {
    const verdicts = { f: verdict("keep", -9), young: verdict("keep", -5, 10), a: verdict("keep", -0.2), b: verdict("keep", 0.1) };
    expect(actOf(judged(verdicts), "f", rules)).toMatchObject({ action: "retire", sha256: "a" });
    const { b: _b, ...three } = verdicts;
    expect(actOf(judged(three), "f", rules)).toBeUndefined();
  });
});

describe("given a model's history", () => {
  const version = (sha256: string, state: "champion" | "shadow"): ModelRecord["versions"][number] => ({
    sha256,
    state,
    bytes: 1,
    matrix: { timeframes: ["1m"], window: 4, features: [{ name: "return" }] },
    featureSchema: "00",
    labels: ["down", "up"],
    version: "1",
    registeredAt: 0,
    notes: {},
  });
  const record: ModelRecord = {
    id: "nn",
    versions: [version("a", "champion"), version("b", "shadow")],
    device: "cpu",
    pinned: false,
    history: [],
  };
  const by = (who: string, at: number) => ({ by: who, reason: "", at });

  test("when the rule has made a shadow of the champion, then that one is on probation; when a person has, or it has retired, nobody", () => {
    const promoted = withState(record, "b", "champion", by(RULE, 1), "shadow");
    expect(formerOf(promoted)).toBe("a");
    expect(formerOf(withState(promoted, "a", "retired", by(RULE, 2)))).toBeUndefined();
    expect(formerOf(withState(record, "b", "champion", by("Ann", 1), "shadow"))).toBeUndefined();
    expect(formerOf(record)).toBeUndefined();
  });
});

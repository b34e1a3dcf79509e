import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeMessage, messageId, subjectOf, type MemberWord, type ModelRecord, type ModelScores } from "@tradewind/contracts";
import { eventually } from "@tradewind/testkit";
import { candleOf, decisionOf, MINUTE, PERP, publisher, START, startSystem, variantOf } from "./support.ts";

const CHAMPION = "c".repeat(64);
const SHADOW = "5".repeat(64);

let system: Awaited<ReturnType<typeof startSystem>>;
let to: ReturnType<typeof publisher>;

beforeAll(async () => {
  const models = [{ id: "nn", name: "oracle" }];
  system = await startSystem({ variants: { sim: variantOf({ models }) }, settings: { run: { clock: "events" } }, clock: false });
  to = publisher(system.bus);
  await eventually(() => system.desired("sim"));
  await system.bus.kv("models").put("nn", JSON.stringify(record()));
  await system.bus.kv("scores").put("nn", JSON.stringify(scores()));
});
afterAll(() => system[Symbol.asyncDispose]());

function record(): ModelRecord {
  const version = (sha256: string, name: string, state: "champion" | "shadow") => ({
    sha256,
    state,
    version: name,
    bytes: 1,
    matrix: { timeframes: ["1m"] as const, window: 4, features: [{ name: "return" }] },
    featureSchema: "00",
    labels: ["down", "up"],
    registeredAt: 0,
    notes: {},
  });
  const versions = [version(SHADOW, "4", "shadow"), version(CHAMPION, "3", "champion")];
  return { id: "nn", versions, device: "cpu", pinned: false, history: [] };
}

function scores(): ModelScores {
  const figures = { closes: 480, abstentions: 2, mean: 0.12, standardError: 0.04, logLoss: 0.68 };
  return { model: "nn", at: 0, versions: [{ sha256: CHAMPION, state: "champion", ...figures, lanes: [] }], verdicts: [] };
}

async function says(model: string, minute: number, said: { score: number; modelHash: string } | { reason: string }): Promise<void> {
  const about = { source: model, instrument: PERP, closeTime: START + minute * MINUTE };
  const word: MemberWord =
    "reason" in said
      ? { type: "abstention", abstention: { ...about, ...said } }
      : {
          type: "prediction",
          prediction: { ...about, ...said, confidence: 0.6, featureSchema: "00", probabilities: { down: 0.33, up: 0.67 } },
        };
  const id = messageId.prediction(model, "bybit", word);
  const message = { id, time: about.closeTime, published: Date.now(), source: "test", run: "test", data: word };
  await system.bus.append(subjectOf("prediction", { model, venue: "bybit", instrument: PERP }), encodeMessage("prediction", message), {
    id,
  });
}

/** What everybody says on a close, and the decision on it. */
async function decide(minute: number, change: Parameters<typeof decisionOf>[2]): Promise<void> {
  await to.candle(candleOf(minute, 60_000));
  await to.decision(decisionOf("sim", minute, change));
}

async function why(minute: number): Promise<{ answer: string; text: string; steps: { stage: string; says: string; detail: any }[] }> {
  const at = new Date(START + minute * MINUTE).toISOString();
  return (await system.call(`/api/why?${new URLSearchParams({ variant: "sim", at }).toString()}`)).body;
}

describe("given decisions in which a model had a voice", () => {
  test("why one: hash, version, probabilities, vote, weight, regime and score, and the shadow's word without effect", async () => {
    await says("nn", 10, { score: 0.34, modelHash: CHAMPION });
    await says("nn--55555555", 10, { score: -0.2, modelHash: SHADOW });
    await says("other--66666666", 10, { score: -0.9, modelHash: "6".repeat(64) });
    const votes = [
      { source: "momentum", vote: 0.8, weight: 0.6, reason: "up" },
      { source: "oracle", vote: 0.34, weight: 0.4, reason: "score 0.34 by cccccccc" },
    ];
    await decide(10, { action: "BUY", score: 0.6, reason: "up", votes, regime: "calm_trend" });
    const { steps, text } = await why(10);
    const step = (stage: string) => steps.filter((one) => one.stage === stage);
    expect(step("prediction").map(({ says: line }) => line)).toEqual([
      "nn scores 0.34, confidence 0.6 (model cccccccc, version 3); probabilities down 0.33, up 0.67; vote +0.34 x weight 0.4 in regime calm_trend; score so far +0.12 ± 0.04 over 480 closes, log loss 0.68",
    ]);
    expect(step("shadow").map(({ says: line }) => line)).toEqual([
      "nn--55555555 scores -0.2, confidence 0.6 (model 55555555, version 4); probabilities down 0.33, up 0.67; a shadow, without effect",
    ]);
    expect(step("prediction")[0]!.detail).toMatchObject({
      modelHash: CHAMPION,
      version: "3",
      state: "champion",
      regime: "calm_trend",
      votes: [{ member: "oracle", vote: 0.34, weight: 0.4 }],
      score: 0.34,
      scored: { mean: 0.12, closes: 480 },
    });
    expect(step("votes")[0]!.says).toContain("(weights of regime calm_trend)");
    for (const { says: line } of steps) expect(text).toContain(line);
  });

  test("why there was no trade: the model abstained, and says why; so does its shadow", async () => {
    await says("nn", 11, { reason: "expired" });
    await says("nn--55555555", 11, { reason: "the model did not answer by the deadline" });
    const votes = [
      { source: "momentum", vote: 0.1, weight: 0.6, reason: "hardly up" },
      { source: "oracle", vote: null, weight: 0.4, reason: "expired" },
    ];
    await decide(11, { score: 0.1, votes });
    const { answer, steps } = await why(11);
    expect(answer).toMatch(/HOLD, the weighted vote of 0\.1 is below the [\d.]+ needed \(oracle abstained: expired\)\.$/);
    expect(steps.find(({ stage }) => stage === "abstention")!.says).toBe("nn does not vote: expired");
    expect(steps.find(({ stage }) => stage === "shadow")!.says).toBe(
      "nn--55555555 says nothing: the model did not answer by the deadline; a shadow, without effect",
    );
  });

  test("why, when nothing but the log is left: what was said is still told", async () => {
    await system.bus.kv("models").delete("nn");
    await system.bus.kv("scores").put("nn", "no JSON");
    const { steps } = await why(10);
    expect(steps.find(({ stage }) => stage === "prediction")!.says).toBe(
      "nn scores 0.34, confidence 0.6 (model cccccccc); probabilities down 0.33, up 0.67; vote +0.34 x weight 0.4 in regime calm_trend",
    );
  });
});

import { join } from "node:path";
import { expect, test } from "vitest";
import { openEmbeddedBus } from "@tradewind/bus";
import { parseVariant } from "@tradewind/config";
import { encodeMessage, subjectOf, type PayloadOf } from "@tradewind/contracts";
import { tempDir } from "@tradewind/testkit";
import { decisionLine } from "../src/start/decision-line.ts";
import { predictionsOf } from "../src/start/member-words.ts";

const instrument = "BTC-USDT-PERP";
const closeTime = Date.UTC(2026, 0, 5, 14, 10);
const style = { symbolOf: () => "BTC/USDT:USDT", width: 4, colour: false };
const variant = {
  variants: { broker: "bybit", strategy: "macd", mode: "paper", asset_class: "futures" },
  trading_symbols: ["BTC/USDT:USDT"],
  models: [{ id: "nn", name: "oracle" }],
};
const decision: PayloadOf<"decision"> = {
  variant: "vote",
  instrument,
  closeTime,
  close: 60_000,
  action: "BUY",
  score: 0.4,
  votes: [
    { source: "macd", vote: null, weight: 0.3, reason: "warming up" },
    { source: "oracle", vote: 0.4, weight: 0.7, reason: "score 0.4 by cccccccc" },
  ],
  reason: "score 0.4 by cccccccc",
  validUntil: closeTime + 60_000,
  entryAllowed: true,
  regime: "wild_trend",
};

test("given a decision in which a model voted, when it is told, then with its probabilities, weight and regime; a newer word is not taken for it", async () => {
  const bus = await openEmbeddedBus(join(tempDir(), "bus.sqlite"));
  await bus.ensure();
  const { plan } = parseVariant(JSON.stringify(variant), "vote.json");
  const say = async (time: number): Promise<void> => {
    const about = {
      source: "nn",
      instrument,
      closeTime: time,
      score: 0.4,
      confidence: 0.7,
      modelHash: "c".repeat(64),
      featureSchema: "00",
    };
    const data = { type: "prediction" as const, prediction: { ...about, probabilities: { down: 0.3, up: 0.7 } } };
    const text = encodeMessage("prediction", { id: `p${time}`, time, published: 0, source: "test", run: "test", data });
    await bus.append(subjectOf("prediction", { model: "nn", venue: "bybit", instrument }), text);
  };
  await say(closeTime);
  expect(decisionLine(decision, style, await predictionsOf(bus, plan, decision))).toContain(
    "BUY  BTC/USDT:USDT at 60000, score +0.40 in wild_trend: macd abstains x 0.30 (warming up), oracle +0.40 x 0.70 (down 0.30 up 0.70 by cccccccc)",
  );
  await say(closeTime + 60_000);
  expect(decisionLine(decision, style, await predictionsOf(bus, plan, decision))).toContain("oracle +0.40 x 0.70 (score 0.4 by cccccccc)");
  await bus.close();
});

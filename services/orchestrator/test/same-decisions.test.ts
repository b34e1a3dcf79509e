import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { subjectOf } from "@tradewind/contracts";
import { definition as orchestrator } from "@tradewind/orchestrator";
import { definition as strategy } from "@tradewind/strategy";
import { eventually, unreliable } from "@tradewind/testkit";
import { logged, openRig, type Rig } from "../../../libs/kit/test/support/rig.ts";
import { candlesOf, composed, load, predict, publish } from "../../strategy/test/support/market.ts";

const MINUTES = 600;
const BTC = "BTC-USDT-PERP";
const ETH = "ETH-USDT-PERP";
const btc = candlesOf(BTC, MINUTES, 1);
const eth = candlesOf(ETH, MINUTES, 2);
const market = [...btc, ...eth].sort((a, b) => a.closeTime - b.closeTime);

const futures = (strategyName: string) => ({ broker: "bybit", strategy: strategyName, mode: "paper", asset_class: "futures" });
const both = ["BTC/USDT:USDT", "ETH/USDT:USDT"];
const quick = { lookback_period: 5, threshold_buy: 0.2, threshold_sell: -0.2 };

/** Several variants on the same instruments: other members, another timeframe, a file, a model. */
const variants: Readonly<Record<string, unknown>> = {
  learning: {
    variants: futures("macd"),
    trading_symbols: both,
    members: [{ strategy: "momentum", strategy_config: quick }, { strategy: "rsi" }],
    decision: { learning_rate: 0.2 },
  },
  slower: { variants: futures("momentum"), strategy_config: quick, trading_symbols: both, timeframes: ["5m", "1m"] },
  own: { variants: futures("custom"), strategy_file: "own.js", trading_symbols: [both[0]] },
  modelled: {
    variants: futures("rsi"),
    trading_symbols: [both[1]],
    models: [{ id: "nn", name: "oracle" }],
    decision: { learning_rate: 0.1, threshold: 0.05 },
  },
};

const ownStrategy = `export default (kit) => ({
  name: "own", doc: "Crosses.", parameters: {}, warmup: () => 20,
  create: () => kit.strategy({ slow: kit.indicators.sma({ period: 20 }) }, (state, candle) => {
    const slow = state.slow.update(candle.close);
    if (Number.isNaN(slow)) return undefined;
    return candle.close > slow ? kit.views.buy("above") : kit.views.sell("below");
  }),
});
`;

let rig: Rig;
beforeEach(async () => {
  rig = await openRig("events");
  writeFileSync(join(rig.configDir, "variants", "own.js"), ownStrategy);
});
afterEach(() => rig.close());

/** For each variant and instrument, what the log has and what the composed machines say. */
async function everything(): Promise<{ actual: unknown; expected: unknown; complete: boolean }> {
  const actual: Record<string, unknown> = {};
  const expected: Record<string, unknown> = {};
  let complete = true;
  for (const [id, variant] of Object.entries(variants)) {
    const loaded = load(id, variant, rig.configDir);
    for (const { id: instrument } of loaded.plan.instruments) {
      const lane = `${id} ${instrument}`;
      const words = await logged(rig.bus, "signal", subjectOf("signal", { variant: id, instrument }));
      const decisions = await logged(rig.bus, "decision", subjectOf("decision", { variant: id, instrument }));
      const reference = await composed(loaded, instrument, market);
      actual[lane] = { words: words.map(({ data }) => JSON.stringify(data)), decisions: decisions.map(({ data }) => JSON.stringify(data)) };
      expected[lane] = reference;
      complete &&= words.length >= reference.words.length && decisions.length >= reference.decisions.length;
    }
  }
  return { actual, expected, complete };
}

async function expectSameAsComposed(): Promise<void> {
  await eventually(async () => (await everything()).complete, { timeoutMs: 40_000, message: "signals and decisions are not all there" });
  const { actual, expected } = await everything();
  expect(actual).toEqual(expected);
}

async function desireAll(): Promise<void> {
  for (const [id, variant] of Object.entries(variants)) await rig.desire(id, variant);
}

const decisionsOf = async (variant: string): Promise<number> =>
  (await logged(rig.bus, "decision", subjectOf("decision", { variant, instrument: "*" }))).length;

describe("given candles in the log, when strategy and orchestrator work them", () => {
  test("then each signal and decision is that of the composed machines, byte for byte", async () => {
    await desireAll();
    await rig.start(orchestrator);
    await rig.start(strategy);
    await publish(rig.bus, market);
    await predict(rig.bus, "nn", eth.filter(({ timeframe }) => timeframe === "1m"));
    await expectSameAsComposed();
  });
});

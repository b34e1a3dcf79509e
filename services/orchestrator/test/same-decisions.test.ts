import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { subjectOf, type Envelope, type MarketEvent, type MemberWord } from "@tradewind/contracts";
import { decodeSnapshot, type Decision } from "@tradewind/core";
import { definition as orchestrator } from "@tradewind/orchestrator";
import { definition as strategy } from "@tradewind/strategy";
import { eventually, unreliable } from "@tradewind/testkit";
import { logged, messageOf, openRig, type Rig } from "../../../libs/kit/test/support/rig.ts";
import { candlesOf, composed, load, MINUTE_MS, predict, publish, START, VENUE } from "../../strategy/test/support/market.ts";

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

const gap: MarketEvent = {
  type: "gap",
  instrument: BTC,
  timeframe: "1m",
  from: START,
  to: START + MINUTE_MS,
  reason: "test",
};

let rig: Rig;
beforeEach(async () => {
  rig = await openRig("events");
  writeFileSync(join(rig.configDir, "variants", "own.js"), ownStrategy);
});
afterEach(() => rig.close());

type Said = Readonly<Record<string, Awaited<ReturnType<typeof composed>>>>;
let reference: Said | undefined;

/** For each variant and instrument, what the composed machines say: the same in every test. */
async function expected(): Promise<Said> {
  if (reference !== undefined) return reference;
  const said: Record<string, Said[string]> = {};
  for (const [id, variant] of Object.entries(variants)) {
    const loaded = load(id, variant, rig.configDir);
    for (const { id: instrument } of loaded.plan.instruments) said[`${id} ${instrument}`] = await composed(loaded, instrument, market);
  }
  return (reference = said);
}

/** What the log has of the same. */
async function actual(): Promise<Said> {
  const said: Record<string, Said[string]> = {};
  for (const lane of Object.keys(await expected())) {
    const [variant = "", instrument = ""] = lane.split(" ");
    const words = await logged(rig.bus, "signal", subjectOf("signal", { variant, instrument }));
    const decisions = await logged(rig.bus, "decision", subjectOf("decision", { variant, instrument }));
    said[lane] = { words: words.map(({ data }) => JSON.stringify(data)), decisions: decisions.map(({ data }) => JSON.stringify(data)) };
  }
  return said;
}

async function complete(): Promise<void> {
  const lasts = Object.entries(await expected()).map(([lane, { decisions }]) => ({ lane, close: closeOf(decisions.at(-1)!) }));
  for (const { lane, close } of lasts) {
    const [variant = "", instrument = ""] = lane.split(" ");
    const subject = subjectOf("decision", { variant, instrument });
    await eventually(
      async () => closeOf(JSON.stringify((JSON.parse((await rig.bus.last(subject))!.data) as Envelope<unknown>).data)) === close,
      {
        timeoutMs: 40_000,
        message: `${lane} is not decided to its end`,
      },
    );
  }
}

const closeOf = (decision: string): number => (JSON.parse(decision) as Decision).closeTime;

async function expectSameAsComposed(): Promise<void> {
  await complete();
  expect(await actual()).toEqual(await expected());
}

async function desireAll(): Promise<void> {
  for (const [id, variant] of Object.entries(variants)) await rig.desire(id, variant);
}

const decisionsOf = async (variant: string): Promise<number> =>
  (await logged(rig.bus, "decision", subjectOf("decision", { variant, instrument: "*" }))).length;

const predictions = eth.filter(({ timeframe }) => timeframe === "1m");
const half = START + (MINUTES / 2) * MINUTE_MS;
const early = ({ closeTime }: { closeTime: number }): boolean => closeTime <= half;
const late = ({ closeTime }: { closeTime: number }): boolean => closeTime > half;

async function publishHalf(which: typeof early): Promise<void> {
  await publish(rig.bus, market.filter(which));
  await predict(rig.bus, "nn", predictions.filter(which));
}

/** Some of the first half is decided, on each of its lanes or not. */
const underWay = (): Promise<boolean> => eventually(async () => (await decisionsOf("learning")) > 100, { message: "no decisions come" });

describe("given candles in the log, when strategy and orchestrator work them, then all is as the composed machines say", () => {
  beforeEach(desireAll);

  test("from the first to the last", async () => {
    await rig.start(orchestrator);
    await rig.start(strategy);
    await publishHalf(early);
    await publishHalf(late);
    await expectSameAsComposed();
  });

  test("stopped in the middle and started again", async () => {
    const first = [await rig.start(strategy), await rig.start(orchestrator)];
    await publishHalf(early);
    await underWay();
    await Promise.all(first.map((service) => service.stop()));
    await publishHalf(late);
    await rig.start(orchestrator);
    await rig.start(strategy);
    await expectSameAsComposed();
  });

  test("killed in the middle, each in turn, and started again", async () => {
    const voter = await rig.start(strategy);
    const decider = await rig.start(orchestrator);
    await publishHalf(early);
    await underWay();
    decider.kill();
    await rig.start(orchestrator);
    await publishHalf(late);
    voter.kill();
    await rig.start(strategy);
    await expectSameAsComposed();
  });

  test("by two instances of each that share the work, one of each going away", async () => {
    const first = [await rig.start(strategy), await rig.start(orchestrator)];
    await rig.start(strategy);
    await rig.start(orchestrator);
    await publishHalf(early);
    await underWay();
    await Promise.all(first.map((service) => service.stop()));
    await publishHalf(late);
    await expectSameAsComposed();
  });

  test("with a variant that comes later and reads what was before", async () => {
    await rig.bus.kv("variants").delete("slower");
    await rig.start(orchestrator);
    await rig.start(strategy);
    await publishHalf(early);
    await underWay();
    await rig.desire("slower", variants["slower"]);
    await publishHalf(late);
    await expectSameAsComposed();
  });

  test("with garbage, an old schema and other people's messages in between", async () => {
    await rig.start(orchestrator);
    await rig.start(strategy);
    await publishHalf(early);
    const candle = subjectOf("candle", { venue: VENUE, instrument: BTC, timeframe: "1m" });
    const signal = subjectOf("signal", { variant: "learning", instrument: BTC });
    const about = { instrument: BTC, closeTime: half + MINUTE_MS };
    const strange: MemberWord = { type: "signal", signal: { ...about, source: "nobody", action: "BUY", confidence: 1, reason: "" } };
    await rig.bus.append(candle, "no JSON at all");
    await rig.bus.append(candle, JSON.stringify({ ...JSON.parse(messageOf("candle", "x", 0, gap)), v: 0 }));
    await rig.bus.append(candle, messageOf("candle", "gap", half, gap));
    await rig.bus.append(signal, "\u0000");
    await rig.bus.append(signal, messageOf("signal", "strange", half, strange));
    await publishHalf(late);
    await complete();
    const withoutStrange = Object.entries(await actual()).map(([lane, { words, decisions }]) => [
      lane,
      { words: words.filter((word) => !word.includes('"nobody"')), decisions },
    ]);
    expect(Object.fromEntries(withoutStrange)).toEqual(await expected());
  });

  test("with words that come long after the candles, which wait for them", async () => {
    const decider = await rig.start(orchestrator);
    await publishHalf(early);
    await publishHalf(late);
    const openAt = async (): Promise<number | undefined> => {
      const entry = await rig.bus.kv("checkpoints").get("orchestrator.learning");
      const saved =
        entry && (decodeSnapshot(entry.value) as { state: { lanes: Record<string, { closes: { causes: ReadonlyMap<number, string> } }> } });
      return saved?.state.lanes[BTC]?.closes.causes.size;
    };
    await eventually(async () => ((await openAt()) ?? 0) > 100, { message: "no closes are open" });
    await decider.stop();
    expect(await openAt()).toBeLessThan(300);
    await rig.start(orchestrator);
    await rig.start(strategy);
    await expectSameAsComposed();
  });

  test("over a road that delays and doubles messages", async () => {
    for (const seed of [1, 2]) {
      if (seed > 1) {
        await rig.close();
        rig = await openRig("events");
        writeFileSync(join(rig.configDir, "variants", "own.js"), ownStrategy);
        await desireAll();
      }
      await rig.start(orchestrator, (bus) => unreliable(bus, { seed }));
      await rig.start(strategy, (bus) => unreliable(bus, { seed: seed + 100 }));
      await publishHalf(early);
      await publishHalf(late);
      await expectSameAsComposed();
    }
  });
});

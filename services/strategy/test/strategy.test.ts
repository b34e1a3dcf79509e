import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { subjectOf, type MemberWord } from "@tradewind/contracts";
import type { Candle } from "@tradewind/core";
import { definition as strategy } from "@tradewind/strategy";
import { eventually } from "@tradewind/testkit";
import { logged, openRig, type Rig } from "../../../libs/kit/test/support/rig.ts";
import { candlesOf, composed, load, MINUTE_MS, publish, START } from "./support/market.ts";

const BTC = "BTC-USDT-PERP";
const candles = candlesOf(BTC, 300, 4).filter(({ timeframe }) => timeframe === "1m");
const half = candles.length / 2;
const futures = (name: string) => ({ broker: "bybit", strategy: name, mode: "paper", asset_class: "futures" });
const plain = { variants: futures("macd"), trading_symbols: ["BTC/USDT:USDT"], members: [{ strategy: "rsi" }] };

/** Throws on the candle it is told to. */
const breaking = (minute: number) => `export default (kit) => ({
  name: "breaking", doc: "Breaks.", parameters: {}, warmup: () => 0,
  create: () => kit.strategy({ n: 0 }, (state, candle) => {
    state.n += 1;
    if (candle.openTime === ${START + minute * MINUTE_MS}) throw new Error("cannot divide " + state.n + " by zero");
    return kit.views.buy("always");
  }),
});
`;

let rig: Rig;
beforeEach(async () => {
  // Ids are forgotten at once: what is said once is said once without the bus's help.
  rig = await openRig("events", { duplicateWindowMs: 0 });
});
afterEach(() => rig.close());

const wordsOf = async (variant: string): Promise<MemberWord[]> =>
  (await logged(rig.bus, "signal", subjectOf("signal", { variant, instrument: BTC }))).map(({ data }) => data);

const said = (variant: string, count: number): Promise<unknown> =>
  eventually(async () => (await wordsOf(variant)).length >= count, { message: `${variant} has not said ${count} words` });

const expected = async (variant: unknown, given: readonly Candle[]): Promise<string[]> =>
  (await composed(load("plain", variant, rig.configDir), BTC, given)).words;

const texts = (words: readonly MemberWord[]): string[] => words.map((word) => JSON.stringify(word));

describe("given a strategy that throws", () => {
  const broken = candles.findIndex(({ openTime }) => openTime > START + 100 * MINUTE_MS);

  async function breakAt(index: number): Promise<void> {
    const minute = (candles[index]!.openTime - START) / MINUTE_MS;
    writeFileSync(join(rig.configDir, "variants", "breaking.js"), breaking(minute));
    await rig.desire("broken", { ...plain, variants: futures("custom"), strategy_file: "breaking.js" });
    await rig.desire("plain", plain);
  }

  /** It spoke until then; from then on it says why it does not. */
  async function expectAbstains(): Promise<void> {
    await said("broken", 2 * candles.length);
    await said("plain", 2 * candles.length);
    const words = await wordsOf("broken");
    const own = words.filter((_, i) => i % 2 === 0);
    expect(own.slice(0, broken).every(({ type }) => type === "signal")).toBe(true);
    for (const word of own.slice(broken)) {
      expect(word.type).toBe("abstention");
      if (word.type === "abstention") expect(word.abstention.reason).toMatch(/^STRATEGY_FAILED: .*cannot divide \d+ by zero/);
    }
    const others = await expected({ ...plain, variants: futures("rsi"), members: [] }, candles);
    expect(texts(words.filter((_, i) => i % 2 === 1))).toEqual(others);
    expect(texts(await wordsOf("plain"))).toEqual(await expected(plain, candles));
  }

  test("when it has thrown, then it abstains with the reason for good, and everybody else goes on", async () => {
    await breakAt(broken);
    const service = await rig.start(strategy);
    await publish(rig.bus, candles);
    await expectAbstains();
    const notes = service.context.state.current().notes.filter(({ text }) => text.includes("breaking.js"));
    expect(notes).toHaveLength(1);
  });

  test("when the service starts again, then it still abstains", async () => {
    await breakAt(broken);
    const first = await rig.start(strategy);
    await publish(rig.bus, candles.slice(0, half));
    await said("broken", 2 * Math.floor(half));
    await first.stop();
    await rig.start(strategy);
    await publish(rig.bus, candles.slice(half));
    await expectAbstains();
  });

  test("when it does not even begin, then it abstains from the first candle", async () => {
    writeFileSync(
      join(rig.configDir, "variants", "unborn.js"),
      `export default () => ({ name: "unborn", doc: "Never.", parameters: {}, warmup: () => 0, create() { throw new Error("no state"); } });\n`,
    );
    await rig.desire("unborn", { ...plain, variants: futures("custom"), strategy_file: "unborn.js", members: [] });
    await rig.start(strategy);
    await publish(rig.bus, candles.slice(0, 5));
    await said("unborn", 5);
    for (const word of await wordsOf("unborn")) expect(word).toMatchObject({ type: "abstention", abstention: { reason: /no state/ } });
  });
});

describe("given a strategy whose state cannot be saved", () => {
  const unsavable = `export default () => ({ name: "unsavable", doc: "Counts.", parameters: {}, warmup: () => 0,
  create() {
    let n = 0;
    return {
      onCandle: () => ({ action: "BUY", confidence: 0.5, reason: "candle " + ++n }),
      snapshot: () => ({ again: () => n }),
      restore: () => undefined,
    };
  } });
`;

  test("when the service starts again, then it is rebuilt from the log, and the others go on from their checkpoint", async () => {
    writeFileSync(join(rig.configDir, "variants", "unsavable.js"), unsavable);
    await rig.desire("counting", { ...plain, variants: futures("custom"), strategy_file: "unsavable.js", members: [] });
    await rig.desire("plain", plain);
    const first = await rig.start(strategy);
    await publish(rig.bus, candles.slice(0, 100));
    await said("counting", 100);
    await said("plain", 200);
    await first.stop();
    await rig.start(strategy);
    await publish(rig.bus, candles.slice(100));
    await said("counting", candles.length);
    await said("plain", 2 * candles.length);
    const reasons = (await wordsOf("counting")).map((word) => (word.type === "signal" ? word.signal.reason : word.type));
    expect(reasons).toEqual(candles.map((_, i) => `candle ${i + 1}`));
    expect(texts(await wordsOf("plain"))).toEqual(await expected(plain, candles));
  });
});

describe("given a bus that has forgotten its ids", () => {
  test.each(["with its checkpoint", "with nothing but the log"])(
    "when the service is killed and starts again %s, then nothing is said twice",
    async (how) => {
      await rig.desire("plain", plain);
      const first = await rig.start(strategy);
      await publish(rig.bus, candles.slice(0, half));
      await said("plain", 2 * Math.floor(half));
      first.kill();
      if (how !== "with its checkpoint") await rig.bus.kv("checkpoints").delete(`strategy.bybit.${BTC}`);
      await rig.start(strategy);
      await publish(rig.bus, candles.slice(half));
      await said("plain", 2 * candles.length);
      expect(texts(await wordsOf("plain"))).toEqual(await expected(plain, candles));
    },
  );

  test("when candles come a second time, then each close is evaluated once", async () => {
    await rig.desire("plain", plain);
    await rig.start(strategy);
    await publish(rig.bus, candles.slice(0, half));
    await publish(rig.bus, candles.slice(half - 20));
    await said("plain", 2 * candles.length);
    expect(texts(await wordsOf("plain"))).toEqual(await expected(plain, candles));
  });
});

describe("given a revision that is effective from a time on", () => {
  const from = candles[Math.floor(half)]!.closeTime;
  const after = candles.filter(({ closeTime }) => closeTime > from).length;

  test("when there are candles before it, then they warm it up and nothing is said on them", async () => {
    await rig.desire("plain", plain, { effectiveFrom: from });
    await rig.start(strategy);
    await publish(rig.bus, candles);
    await said("plain", 2 * after);
    expect(texts(await wordsOf("plain"))).toEqual((await expected(plain, candles)).slice(-2 * after));
  });

  test("when it is changed while it runs, then new members speak from then on, and who stays goes on without a break", async () => {
    const other = { ...plain, members: [{ strategy: "momentum", strategy_config: { lookback_period: 4 } }] };
    const by = (source: string, words: readonly string[]): string[] => words.filter((word) => word.includes(`"source":"${source}"`));
    await rig.desire("plain", plain);
    await rig.start(strategy);
    await publish(
      rig.bus,
      candles.filter(({ closeTime }) => closeTime <= from),
    );
    await said("plain", 2 * (candles.length - after));
    await rig.desire("plain", other, { effectiveFrom: from });
    await publish(
      rig.bus,
      candles.filter(({ closeTime }) => closeTime > from),
    );
    const spoken = async (source: string): Promise<string[]> => by(source, texts(await wordsOf("plain")));
    await eventually(async () => (await spoken("momentum")).length >= after, { message: "momentum has not spoken" });
    const reference = await expected(other, candles);
    expect(await spoken("momentum")).toEqual(by("momentum", reference).slice(-after));
    expect(await spoken("macd")).toEqual(by("macd", reference));
  });

  test("when it is stopped, then it soon says no more, and the others go on", async () => {
    await rig.desire("plain", plain);
    await rig.desire("other", { ...plain, members: [] });
    await rig.start(strategy);
    await publish(rig.bus, candles.slice(0, 100));
    await said("plain", 200);
    await rig.desire("plain", plain, { enabled: false });
    let quiet = false;
    for (let i = 100; i < candles.length && !quiet; i += 10) {
      const before = (await wordsOf("plain")).length;
      await publish(rig.bus, candles.slice(i, i + 10));
      await said("other", Math.min(i + 10, candles.length));
      quiet = (await wordsOf("plain")).length === before;
    }
    expect(quiet).toBe(true);
  });
});

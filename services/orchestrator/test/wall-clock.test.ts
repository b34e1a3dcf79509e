import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bus, Stored } from "@tradewind/bus";
import { decodeMessage, subjectOf, type ClockSetting, type Envelope } from "@tradewind/contracts";
import { calendarNamed, createDecide, type Candle, type Decision, type VariantPlan } from "@tradewind/core";
import { definition as orchestrator } from "@tradewind/orchestrator";
import { definition as strategy } from "@tradewind/strategy";
import { eventually } from "@tradewind/testkit";
import { logged, openRig, type Rig } from "../../../libs/kit/test/support/rig.ts";
import { candlesOf, load, MINUTE_MS, predict, publish, START } from "../../strategy/test/support/market.ts";

const BTC = "BTC-USDT-PERP";
const MINUTES = 60;
const NO_WORD = "no word by the deadline";
const candles = candlesOf(BTC, MINUTES, 3).filter(({ timeframe }) => timeframe === "1m");
const variant = {
  variants: { broker: "bybit", strategy: "macd", mode: "paper", asset_class: "futures" },
  strategy_config: { fast_period: 3, slow_period: 6, signal_period: 3 },
  trading_symbols: ["BTC/USDT:USDT"],
  members: [{ strategy: "momentum", strategy_config: { lookback_period: 3, threshold_buy: 0.1, threshold_sell: -0.1 } }],
  models: [{ id: "nn", name: "oracle" }],
  decision: { learning_rate: 0.2, threshold: 0.05 },
};

let rig: Rig;
let plan: VariantPlan;
beforeEach(async () => {
  rig = await openRig("wall");
  // The market is past every candle already, and a minute of it is a second: each close has half a deadline.
  const clock: ClockSetting = { wallMs: Date.now(), marketMs: START + 2 * MINUTES * MINUTE_MS, speed: 60 };
  await rig.bus.kv("run").put("clock", JSON.stringify(clock));
  plan = load("vote", variant, rig.configDir).plan;
});
afterEach(() => rig.close());

const decisions = async (): Promise<Decision[]> =>
  (await logged(rig.bus, "decision", subjectOf("decision", { variant: "vote", instrument: BTC }))).map(({ data }) => data as Decision);

const decided = (count: number): Promise<unknown> =>
  eventually(async () => (await decisions()).length >= count, { timeoutMs: 30_000, message: `no ${count} decisions` });

const oracle = ({ votes }: Decision) => votes.find(({ source }) => source === "oracle");

/** Each decision's weights follow from those before it in the log, and each close has one. */
function expectOneHistory(history: readonly Decision[], closes: readonly Candle[]): void {
  expect(history.map(({ closeTime }) => closeTime)).toEqual(closes.map(({ closeTime }) => closeTime));
  const machine = createDecide(plan, calendarNamed("crypto-24-7"));
  history.forEach((decision, i) => {
    const witness = createDecide(plan, calendarNamed("crypto-24-7"));
    witness.restore(machine.snapshot());
    witness.step({ type: "close", candle: closes[i]! });
    const { instrument, closeTime } = decision;
    const [made] = plan.members.flatMap(({ source }) => [
      ...witness.step({ type: "abstention", abstention: { source, instrument, closeTime, reason: "" } }),
    ]);
    const weights = (of: Decision) => of.votes.map(({ weight }) => weight);
    expect(weights(decision), `weights of decision ${i}`).toEqual(weights(made!));
    machine.recall(decision);
  });
}

describe("given a wall clock and a model that says nothing", () => {
  test("when the deadline comes, then each close is decided without it, and the decision says so", async () => {
    await rig.desire("vote", variant);
    await rig.start(strategy);
    const decider = await rig.start(orchestrator);
    await publish(rig.bus, candles);
    await decided(candles.length);
    const history = await decisions();
    for (const decision of history) expect(oracle(decision)).toMatchObject({ vote: null, reason: NO_WORD });
    expect(history.some(({ action }) => action !== "HOLD")).toBe(true);
    expectOneHistory(history, candles);
    const metrics = await decider.context.metrics.registry.metrics();
    expect(metrics).toMatch(new RegExp(`tradewind_deadline_misses_total\\{[^}]*source="oracle"[^}]*\\} ${candles.length}\n`));
    expect(metrics).toMatch(/tradewind_member_weight\{[^}]*source="macd"[^}]*\} 0\.\d+/);
  });

  test("when its words come after all, then they change nothing that is decided", async () => {
    await rig.desire("vote", variant);
    await rig.start(strategy);
    await rig.start(orchestrator);
    const [before, after] = [candles.slice(0, 20), candles.slice(20)];
    await publish(rig.bus, before);
    await decided(before.length);
    await predict(rig.bus, "nn", candles);
    await publish(rig.bus, after);
    await decided(candles.length);
    const history = await decisions();
    for (const decision of history.slice(0, before.length)) expect(oracle(decision)?.reason).toBe(NO_WORD);
    for (const decision of history.slice(before.length)) expect(oracle(decision)?.reason).not.toBe(NO_WORD);
    expectOneHistory(history, candles);
  });

  test.each(["its checkpoint", "nothing but the log"])("when the service starts again from %s, then the weights go on", async (from) => {
    await rig.desire("vote", variant);
    await rig.start(strategy);
    const first = await rig.start(orchestrator);
    await publish(rig.bus, candles.slice(0, 30));
    await decided(30);
    await first.stop();
    if (from !== "its checkpoint") await rig.bus.kv("checkpoints").delete("orchestrator.vote");
    await rig.start(orchestrator);
    await publish(rig.bus, candles.slice(30));
    await decided(candles.length);
    expectOneHistory(await decisions(), candles);
  });

  test("when no service runs at all for a while, then what it missed is decided late", async () => {
    await rig.desire("vote", variant);
    await publish(rig.bus, candles.slice(0, 30));
    await rig.start(orchestrator);
    await rig.start(strategy);
    await publish(rig.bus, candles.slice(30));
    await decided(candles.length);
    expectOneHistory(await decisions(), candles);
  });
});

/** A handle whose owner believes that it alone has every lease, and which hears the model on some closes only. */
function deluded(bus: Bus, hears: (closeTime: number) => boolean): Bus {
  const own = rig.bus.kv("models");
  const leases = new Map<string, string>();
  const audible = ({ data }: Stored): boolean => {
    const word = decodeMessage("prediction", data);
    return word.ok && hears(word.envelope.time);
  };
  return {
    ...bus,
    kv: (bucket) =>
      bucket !== "leases"
        ? bus.kv(bucket)
        : {
            ...own,
            create: async (key, value) => (leases.has(key) ? undefined : (leases.set(key, value), 1)),
            update: async (key, value) => (leases.set(key, value), 1),
            delete: async (key) => leases.delete(key),
            entries: async () => [...leases].map(([key, value]) => ({ key, value, revision: 1 })),
          },
    consume: (options) =>
      bus.consume({
        ...options,
        take: (message) => (message.subject.startsWith("tw.prediction.") && !audible(message) ? undefined : options.take(message)),
      }),
  };
}

describe("given two instances that both believe to work the variant, and would decide otherwise", () => {
  test("when now one and now the other decides first, then the log has one decision a close, and one history of weights", async () => {
    await rig.desire("vote", variant);
    await rig.start(strategy);
    const minute = (closeTime: number): number => (closeTime - START) / MINUTE_MS;
    const instances = [
      await rig.start(orchestrator, (bus) => deluded(bus, (closeTime) => minute(closeTime) % 6 < 3)),
      await rig.start(orchestrator, (bus) => deluded(bus, (closeTime) => minute(closeTime) % 6 >= 3)),
    ];
    await predict(rig.bus, "nn", candles);
    for (let i = 0; i < candles.length; i += 3) {
      await publish(rig.bus, candles.slice(i, i + 3));
      await decided(Math.min(i + 3, candles.length));
    }
    const messages: Envelope<unknown>[] = await logged(rig.bus, "decision", subjectOf("decision", { variant: "vote", instrument: BTC }));
    const makers = new Set(messages.map(({ source }) => source));
    expect(makers).toEqual(new Set(instances.map(({ context }) => context.instance)));
    expectOneHistory(await decisions(), candles);
  });
});

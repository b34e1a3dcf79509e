import type { Bus } from "@tradewind/bus";
import {
  championOf,
  decodeModelRecord,
  messageId,
  shadowsOf,
  subjectOf,
  type ClockSetting,
  type MemberWord,
  type ModelRecord,
  type ModelScores,
  type ModelState,
} from "@tradewind/contracts";
import { createPrng, type Candle, type Prng } from "@tradewind/core";
import { messageOf } from "../../../../libs/kit/test/support/rig.ts";
import { MINUTE_MS, publish, START, VENUE } from "../../../strategy/test/support/market.ts";

export const MODEL = "nn";
export const BTC = "BTC-USDT-PERP";
export const OLD = "0".repeat(63) + "1";
export const NEW = "9".repeat(63) + "2";

export const variant = {
  variants: { broker: "bybit", strategy: "macd", mode: "paper", asset_class: "futures" },
  trading_symbols: ["BTC/USDT:USDT"],
  models: [{ id: MODEL }],
  decision: { learning_rate: 0.2, threshold: 0.05 },
};

/** A model with one champion and one shadow, as the registry keeps it. */
export async function register(
  bus: Bus,
  states: Readonly<Record<string, ModelState>> = { [OLD]: "champion", [NEW]: "shadow" },
): Promise<void> {
  const versions = Object.entries(states).map(([sha256, state]) => ({
    sha256,
    state,
    bytes: 1,
    matrix: { timeframes: ["1m"] as const, window: 4, features: [{ name: "return" }] },
    featureSchema: "00",
    labels: ["down", "up"],
    version: "1",
    registeredAt: 0,
    notes: {},
  }));
  const record = { id: MODEL, versions, device: "cpu", pinned: false, history: [] };
  await bus.kv("models").put(MODEL, JSON.stringify(record));
}

export const recordOf = async (bus: Bus): Promise<ModelRecord> => decodeModelRecord((await bus.kv("models").get(MODEL))!.value);

export const stateOf = async (bus: Bus, sha256: string): Promise<ModelState | undefined> =>
  (await recordOf(bus)).versions.find((version) => version.sha256 === sha256)?.state;

export async function scoresOf(bus: Bus): Promise<ModelScores | undefined> {
  const entry = await bus.kv("scores").get(MODEL);
  return entry && (JSON.parse(entry.value) as ModelScores);
}

/** The market is past every candle there will be. */
export async function setClock(bus: Bus, marketMs: number, speed = 60): Promise<void> {
  const clock: ClockSetting = { wallMs: Date.now(), marketMs, speed };
  await bus.kv("run").put("clock", JSON.stringify(clock));
}

/** Chance of a version's vote to be right, by its hash. */
export type Skills = Readonly<Record<string, number>>;

/** A market that goes on, and what the versions that speak say on its closes. */
export interface Market {
  /** Publishes so many closes with the words on them, as market-data and model-inference do. */
  play(closes: number, skills: Skills): Promise<void>;
}

export function createMarket(bus: Bus, seed: number): Market {
  const prng = createPrng(seed);
  let bar = 0;
  let price = 100;
  return {
    async play(closes, skills) {
      const record = await recordOf(bus);
      const champion = championOf(record);
      const voices = [...(champion ? [champion] : []), ...shadowsOf(record)];
      const candles: Candle[] = [];
      const words: Promise<unknown>[] = [];
      for (let i = 0; i < closes; i++, bar++) {
        const change = prng.normal() * 0.002;
        const candle = candleAt(bar, price);
        price *= 1 + change;
        candles.push(candle);
        for (const { speaksAs, sha256 } of voices)
          words.push(say(bus, speaksAs, wordOf(prng, speaksAs, sha256, candle, change > 0, skills[sha256]!)));
      }
      await Promise.all([publish(bus, candles), ...words]);
    },
  };
}

function candleAt(bar: number, close: number): Candle {
  const openTime = START + bar * MINUTE_MS;
  const prices = { open: close, high: close, low: close, close, volume: 1 };
  const about = { instrument: BTC, timeframe: "1m" as const, openTime, closeTime: openTime + MINUTE_MS };
  return { ...about, ...prices, revision: 0, origin: "live", synthetic: false };
}

function wordOf(prng: Prng, source: string, modelHash: string, { instrument, closeTime }: Candle, up: boolean, skill: number): MemberWord {
  const score = (up === prng.chance(skill) ? 1 : -1) * (0.3 + 0.4 * prng.next());
  const probabilities = { down: (1 - score) / 2, up: (1 + score) / 2 };
  return {
    type: "prediction",
    prediction: { source, instrument, closeTime, score, confidence: 0.5, modelHash, featureSchema: "00", probabilities },
  };
}

async function say(bus: Bus, model: string, word: MemberWord): Promise<void> {
  if (word.type !== "prediction") return;
  const id = messageId.prediction(model, VENUE, word);
  const { instrument, closeTime } = word.prediction;
  await bus.append(subjectOf("prediction", { model, venue: VENUE, instrument }), messageOf("prediction", id, closeTime, word), { id });
}

/** A handle whose owner believes that it is alone and has every lease. */
export function deluded(bus: Bus): Bus {
  const leases = new Map<string, string>();
  return {
    ...bus,
    kv(bucket) {
      const own = bus.kv(bucket);
      if (bucket === "states") return { ...own, entries: async () => [] };
      if (bucket !== "leases") return own;
      return {
        ...own,
        create: async (key, value) => (leases.has(key) ? undefined : (leases.set(key, value), 1)),
        update: async (key, value) => (leases.set(key, value), 1),
        delete: async (key) => leases.delete(key),
        entries: async () => [...leases].map(([key, value]) => ({ key, value, revision: 1 })),
      };
    },
  };
}

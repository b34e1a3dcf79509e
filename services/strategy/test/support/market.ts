import { join } from "node:path";
import type { Bus } from "@tradewind/bus";
import { loadDefinitions, parseVariant, type LoadedVariant } from "@tradewind/config";
import { messageId, subjectOf, type MemberWord } from "@tradewind/contracts";
import {
  aggregationChain,
  calendarNamed,
  createLane,
  createPrng,
  createStrategyMachine,
  type Candle,
  type Decision,
  type Prediction,
} from "@tradewind/core";
import { messageOf } from "../../../../libs/kit/test/support/rig.ts";

export const VENUE = "bybit";
export const START = Date.UTC(2026, 0, 5);
export const MINUTE_MS = 60_000;

const calendar = calendarNamed("crypto-24-7");

/** One-minute candles of a seeded walk with trends, some minutes missing, and the 5m candles made of them. */
export function candlesOf(instrument: string, minutes: number, seed: number): Candle[] {
  const prng = createPrng(seed);
  const chain = aggregationChain(calendar, "1m", "5m");
  const cents = (price: number): number => Math.round(price * 100) / 100;
  const candles: Candle[] = [];
  let price = 100;
  for (let minute = 0; minute < minutes; minute++) {
    const open = price;
    const close = cents(open * (1 + prng.normal() * 0.004 + 0.001 * Math.sin(minute / 37 + seed)));
    price = close;
    if (prng.chance(0.02)) continue;
    const openTime = START + minute * MINUTE_MS;
    const candle: Candle = {
      instrument,
      timeframe: "1m",
      openTime,
      closeTime: openTime + MINUTE_MS,
      open,
      high: cents(Math.max(open, close) * 1.001),
      low: cents(Math.min(open, close) * 0.999),
      close,
      volume: 1 + prng.below(1_000),
      revision: 0,
      origin: "live",
      synthetic: false,
    };
    candles.push(candle, ...chain.update(candle).filter(({ timeframe }) => timeframe === "5m"));
  }
  return candles;
}

export const candleSubject = ({ instrument, timeframe }: Candle): string => subjectOf("candle", { venue: VENUE, instrument, timeframe });

/** Publishes candles as market-data does. */
export async function publish(bus: Bus, candles: readonly Candle[]): Promise<void> {
  await Promise.all(
    candles.map((candle) => {
      const id = messageId.market(VENUE, { type: "candle", candle });
      return bus.append(candleSubject(candle), messageOf("candle", id, candle.closeTime, { type: "candle", candle }), { id });
    }),
  );
}

/** A model's word on a close, the same whenever it is asked; undefined where it abstains. */
export function predictionAt(source: string, instrument: string, closeTime: number): Prediction | undefined {
  const prng = createPrng(closeTime / MINUTE_MS + instrument.length);
  if (prng.chance(0.1)) return undefined;
  const score = Math.round((2 * prng.next() - 1) * 100) / 100;
  return { source, instrument, closeTime, score, confidence: 0.5, modelHash: "0123456789abcdef", featureSchema: "00000000" };
}

/** Publishes a model's words on the closes of some candles as model-inference does. */
export async function predict(bus: Bus, model: string, candles: readonly Candle[]): Promise<void> {
  await Promise.all(
    candles.map(({ instrument, closeTime }) => {
      const prediction = predictionAt(model, instrument, closeTime);
      const word: MemberWord =
        prediction === undefined
          ? { type: "abstention", abstention: { source: model, instrument, closeTime, reason: "no prediction" } }
          : { type: "prediction", prediction };
      const id = messageId.prediction(model, VENUE, word);
      return bus.append(subjectOf("prediction", { model, venue: VENUE, instrument }), messageOf("prediction", id, closeTime, word), { id });
    }),
  );
}

export function load(id: string, variant: unknown, configDir: string): LoadedVariant {
  return parseVariant(JSON.stringify(variant), join(configDir, "variants", `${id}.json`));
}

/** What the composed machines say and decide on one instrument, as text. */
export async function composed(
  loaded: LoadedVariant,
  instrument: string,
  candles: readonly Candle[],
): Promise<{ words: string[]; decisions: string[] }> {
  const definitionOf = await loadDefinitions(loaded);
  const { plan } = loaded;
  const words: string[] = [];
  const decisions: string[] = [];
  const machines = plan.members
    .filter(({ kind }) => kind === "strategy")
    .map((member) => createStrategyMachine(member, definitionOf(member.name), instrument, calendar));
  const modelOf = (source: string): string => plan.members.find((member) => member.source === source)!.name;
  const lane = createLane(
    {
      plan,
      calendarOf: calendarNamed,
      definitionOf,
      predictionOf(source, id, closeTime) {
        const prediction = predictionAt(modelOf(source), id, closeTime);
        return prediction && { ...prediction, source };
      },
    },
    instrument,
    "crypto-24-7",
  );
  const decided = (decision: Decision): void => void decisions.push(JSON.stringify(decision));
  for (const candle of candles.filter((each) => each.instrument === instrument)) {
    if (candle.timeframe === plan.finestTimeframe) lane.onCandle(candle, decided);
    if (candle.timeframe !== plan.timeframe) continue;
    for (const machine of machines) {
      const said = machine.onCandle(candle);
      words.push(JSON.stringify("action" in said ? { type: "signal", signal: said } : { type: "abstention", abstention: said }));
    }
  }
  return { words, decisions };
}

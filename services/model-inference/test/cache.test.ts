import { expect, test } from "vitest";
import type { Bus } from "@tradewind/bus";
import { encodeMessage, messageId, subjectOf, type MemberWord } from "@tradewind/contracts";
import { calendarNamed, FeatureMatrix, type Candle } from "@tradewind/core";
import { setMarketClock } from "@tradewind/kit";
import { featureSchemaOf } from "@tradewind/onnx";
import { eventually } from "@tradewind/testkit";
import { inferenceWith, registerModel } from "../src/index.ts";
import { eachTestHasABus } from "./support/bus.ts";
import {
  closesOf,
  matrix,
  MODEL,
  modelFile,
  publish,
  settings,
  start,
  START,
  variantText,
  VENUE,
  walk,
  want,
  wordsOf,
} from "./support/scene.ts";

const scene = eachTestHasABus();
const INSTRUMENT = "BTC-USDT-PERP";
const LENGTH = 80;
const candles = walk(INSTRUMENT, 23, LENGTH);
const schema = featureSchemaOf(matrix);
const wall = settings({ run: { clock: "wall" } });
const text = variantText({ trading_symbols: { futures: ["BTC/USDT:USDT"] } });

const keyOf = (candle: Candle): string => `${VENUE}/${INSTRUMENT}/${schema.slice(0, 8)}/${candle.closeTime}`;

/** What market-data would have put into the cache, by key. */
function cachedMatrices(): Map<string, Float32Array> {
  const features = new FeatureMatrix(matrix, { calendar: calendarNamed("crypto-24-7") });
  const found = new Map<string, Float32Array>();
  for (const candle of candles) {
    features.update(candle);
    const ready = features.matrix();
    if (ready !== undefined) found.set(keyOf(candle), ready);
  }
  return found;
}

async function tellReady(bus: Bus, candle: Candle): Promise<void> {
  const { instrument, timeframe, closeTime, origin } = candle;
  const schema8 = schema.slice(0, 8);
  const id = messageId.feature(VENUE, instrument, schema8, closeTime);
  const [rows, columns] = [matrix.window, matrix.features.length];
  const data = { venue: VENUE, instrument, timeframe, closeTime, schema, key: keyOf(candle), rows, columns, origin };
  const message = encodeMessage("feature", { id, time: closeTime, published: 0, source: "test", run: "test", data });
  await bus.append(subjectOf("feature", { venue: VENUE, instrument, schema8 }), message, { id });
}

interface Counted {
  readonly words: MemberWord[];
  readonly cache: number;
  readonly own: number;
}

/** Replays the candles on the wall clock of a market that stands still, so that no deadline passes. */
async function replayed(bus: Bus, get: (key: string) => Float32Array | undefined, told = true): Promise<Counted> {
  await setMarketClock(bus, { wallMs: Date.now(), marketMs: START, speed: 0 });
  await registerModel(bus, MODEL, modelFile());
  await want(bus, text);
  const cache = { get: (key: string, hash: string) => Promise.resolve(hash === schema ? get(key) : undefined) };
  const service = await start(bus, wall, inferenceWith({ openCache: () => cache }));
  await eventually(() => service.context.state.current().partitions.length === 1);
  if (told) for (const candle of candles) if (candles.indexOf(candle) >= 17) await tellReady(bus, candle);
  await publish(bus, candles);
  const words = await eventually(async () => {
    const found = await wordsOf(bus, INSTRUMENT);
    return found.length >= LENGTH && found;
  });
  const metrics = await service.context.metrics.registry.getMetricsAsJSON();
  const values = metrics.find(({ name }) => name === "tradewind_inference_features_total")!.values;
  const count = (from: string): number => values.find(({ labels }) => labels["from"] === from)?.value ?? 0;
  await service.stop();
  return { words, cache: count("cache"), own: count("own") };
}

test("given a cache that has every matrix, when candles come, then each word is made of it", async () => {
  const cached = cachedMatrices();
  const { words, cache, own } = await replayed(scene.bus(), (key) => cached.get(key));
  expect(closesOf(words)).toEqual(candles.map(({ closeTime }) => closeTime));
  expect([cache, own]).toEqual([LENGTH - 17, 0]);
});

test.each([
  ["that has nothing", 0, true],
  ["that is emptied in the middle", 40, true],
  ["that nobody fills or speaks of", 0, false],
])("given a cache %s, when the same candles come, then the words are the same", async (_, kept, told) => {
  const cached = cachedMatrices();
  const keys = new Set([...cached.keys()].slice(0, kept));
  const { words, cache, own } = await replayed(scene.bus(), (key) => (keys.has(key) ? cached.get(key) : undefined), told);
  expect([cache, own]).toEqual([kept, LENGTH - 17 - kept]);

  await scene.renew();
  const full = await replayed(scene.bus(), (key) => cached.get(key));
  expect(words).toEqual(full.words);
});

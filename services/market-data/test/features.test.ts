import { describe, expect, test } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { sha256 } from "@tradewind/config";
import { decodeMessage, subjectOf, type FeatureReady, type ModelRecord } from "@tradewind/contracts";
import { byClose, calendarNamed, describeMatrix, FeatureMatrix, type Candle, type MatrixPlan } from "@tradewind/core";
import { openFeatureCache } from "@tradewind/store";
import { eventually, mortal } from "@tradewind/testkit";
import { bury, byHand, csvOf, enable, ended, minutes, PERP, replayOf, start } from "./support.ts";

const plan: MatrixPlan = {
  timeframes: ["1m", "5m"],
  window: 8,
  features: [{ name: "log_return" }, { name: "rsi" }, { name: "volume_zscore" }],
};
const schema = sha256(describeMatrix(plan));
const schema8 = schema.slice(0, 8);
const recording = minutes(900, 11);
const config = replayOf({ [PERP]: csvOf(recording) });

async function register(bus: Bus, id = "mind", matrix = plan): Promise<void> {
  const rest = { bytes: 1, version: "1", state: "champion", registeredAt: 0, notes: {} } as const;
  const version = { sha256: "0".repeat(64), matrix, featureSchema: schema, ...rest, labels: [] };
  const record: ModelRecord = { id, versions: [version], device: "cpu", pinned: false, history: [] };
  await bus.kv("models").put(id, JSON.stringify(record));
}

async function published(bus: Bus): Promise<FeatureReady[]> {
  const all: FeatureReady[] = [];
  for await (const { data } of bus.read(subjectOf("feature", { venue: "bybit", instrument: PERP, schema8 }), { after: 0 })) {
    const decoded = decodeMessage("feature", data);
    if (!decoded.ok) throw new Error(decoded.problem);
    all.push(decoded.envelope.data);
  }
  return all;
}

/** The matrices of the recording, by close time of the minute. */
function matricesByHand(candles: readonly Candle[] = recording): Map<number, Float32Array> {
  const made = byHand(candles);
  const matrix = new FeatureMatrix(plan, { calendar: calendarNamed("crypto-24-7") });
  const out = new Map<number, Float32Array>();
  for (const candle of [...made.get("1m")!, ...made.get("5m")!].sort(byClose)) {
    matrix.update(candle);
    const values = candle.timeframe === "1m" ? matrix.matrix() : undefined;
    if (values !== undefined) out.set(candle.closeTime, values);
  }
  return out;
}

async function expectMatrices(bus: Bus): Promise<void> {
  const expected = matricesByHand();
  const ready = await published(bus);
  expect(ready.map(({ closeTime }) => closeTime)).toEqual([...expected.keys()]);
  const cache = openFeatureCache({});
  for (const { key, closeTime } of ready) expect(await cache.get(key, schema), key).toEqual(expected.get(closeTime));
}

describe("features", () => {
  test("given a registered model, then its matrix is in the cache and told of on each close it is ready", async () => {
    const bus = await openEmbeddedBus(":memory:");
    await register(bus);
    await enable(bus, "thinks", { models: [{ id: "mind" }] });
    const service = await start(bus, config);
    await eventually(() => ended(bus));
    await expectMatrices(bus);
    expect((await published(bus))[0]).toMatchObject({
      venue: "bybit",
      instrument: PERP,
      timeframe: "1m",
      schema,
      rows: 8,
      columns: 3,
      origin: "live",
    });
    await service.stop();
    await bus.close();
  });

  test.each([
    [700, "after"],
    [1_203, "before"],
    [1_500, "after"],
  ] as const)("given a kill at append %i, %s it is done, then the matrices are those of a run without", async (n, when) => {
    const bus = await openEmbeddedBus(":memory:", { duplicateWindowMs: 1 });
    await register(bus);
    await enable(bus, "thinks", { models: [{ id: "mind" }] });
    const doomed = mortal(bus);
    doomed.dieAtAppend(n, when);
    await start(doomed.bus, config, "first");
    await eventually(() => doomed.dead());
    await bury(bus);
    const service = await start(bus, config, "second");
    await eventually(() => ended(bus));
    await service.stop();
    await expectMatrices(bus);
    await bus.close();
  });

  test("given no enabled variant with the model, then nothing is made for it", async () => {
    const bus = await openEmbeddedBus(":memory:");
    await register(bus);
    await enable(bus, "plain");
    const service = await start(bus, config);
    await eventually(() => ended(bus));
    expect(await published(bus)).toEqual([]);
    await service.stop();
    await bus.close();
  });

  test("given a model registered while the market runs, then its matrices come from there on, as if it had been there", async () => {
    const bus = await openEmbeddedBus(":memory:");
    await enable(bus, "thinks", { models: [{ id: "mind" }] });
    const paced = replayOf({ [PERP]: csvOf(recording) }, { pace: 600 });
    const service = await start(bus, paced);
    await eventually(
      async () => (await bus.last(subjectOf("candle", { venue: "bybit", instrument: PERP, timeframe: "1h" }))) !== undefined,
    );
    await register(bus);
    await eventually(() => ended(bus));
    const ready = await published(bus);
    expect(ready.length).toBeGreaterThan(10);
    const expected = matricesByHand();
    const cache = openFeatureCache({});
    for (const { key, closeTime } of ready) expect(await cache.get(key, schema), key).toEqual(expected.get(closeTime));
    expect(ready.map(({ closeTime }) => closeTime)).toEqual([...expected.keys()].slice(-ready.length));
    await service.stop();
    await bus.close();
  });
});

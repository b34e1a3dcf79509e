import { describe, expect, test } from "vitest";
import type { Bus } from "@tradewind/bus";
import type { MatrixPlan } from "@tradewind/core";
import { eventually } from "@tradewind/testkit";
import { registerModel, type InferenceStats } from "../src/index.ts";
import { eachTestHasABus } from "./support/bus.ts";
import {
  ask,
  backtestWords,
  closesOf,
  MODEL,
  matrix,
  modelFile,
  publish,
  start,
  START,
  variantText,
  walk,
  want,
  withCoarser,
  wordsOf,
} from "./support/scene.ts";

const scene = eachTestHasABus();
const INSTRUMENTS = ["BTC-USDT-PERP", "ETH-USDT-PERP"] as const;
const LENGTH = 240;
const candles = INSTRUMENTS.map((instrument, i) => walk(instrument, 17 + i, LENGTH));
const closes = candles[0]!.map(({ closeTime }) => closeTime);

async function prepare(bus: Bus, plan: MatrixPlan = matrix, text = variantText()): Promise<void> {
  await registerModel(bus, MODEL, modelFile(plan));
  await want(bus, text);
}

/** One word on each close, and each the bits of the backtest's. */
async function expectBacktestWords(bus: Bus, plan: MatrixPlan = matrix, text = variantText()): Promise<number> {
  const said = await backtestWords(modelFile(plan), text, candles);
  let predictions = 0;
  for (const instrument of INSTRUMENTS) {
    const words = await eventually(
      async () => {
        const found = await wordsOf(bus, instrument);
        return found.length >= LENGTH && found;
      },
      { timeoutMs: 30_000 },
    );
    expect(closesOf(words)).toEqual(closes);
    for (const [i, word] of words.entries()) {
      const wanted = said(instrument, closes[i]!);
      if (wanted === undefined) expect(word).toMatchObject({ type: "abstention", abstention: { source: MODEL, instrument } });
      else {
        expect(word).toEqual({ type: "prediction", prediction: wanted });
        predictions += 1;
      }
    }
  }
  return predictions;
}

async function statsOf(bus: Bus): Promise<InferenceStats> {
  return (await ask(bus, "stats")).data as InferenceStats;
}
async function pidOf(bus: Bus): Promise<number | undefined> {
  return (await statsOf(bus)).models[MODEL]?.pid;
}

describe("the words of a model, on the events clock", () => {
  test("given candles of two instruments, when they are replayed, then each close has one word with the bits of a backtest", async () => {
    const bus = scene.bus();
    await prepare(bus);
    await publish(bus, candles.flat());
    const service = await start(bus);
    expect(await expectBacktestWords(bus)).toBe(2 * (LENGTH - 17));
    await service.stop();
  });

  test("given a stop in the middle, when another instance goes on, then nothing is missing and nothing double", async () => {
    const bus = scene.bus();
    await prepare(bus);
    await publish(bus, candles.map((own) => own.slice(0, 100)).flat());
    const first = await start(bus);
    await eventually(async () => (await wordsOf(bus, INSTRUMENTS[0])).length === 100);
    await first.stop();
    await publish(bus, candles.map((own) => own.slice(100)).flat());
    const second = await start(bus);
    await expectBacktestWords(bus);
    await second.stop();
  });

  test("given that every checkpoint is gone, when an instance starts, then it builds itself from the log and says nothing twice", async () => {
    const bus = scene.bus();
    await prepare(bus);
    await publish(bus, candles.map((own) => own.slice(0, 100)).flat());
    const first = await start(bus);
    for (const instrument of INSTRUMENTS) await eventually(async () => (await wordsOf(bus, instrument)).length === 100);
    await first.stop();
    for (const { key } of await bus.kv("checkpoints").entries()) await bus.kv("checkpoints").delete(key);
    await publish(bus, candles.map((own) => own.slice(100)).flat());
    const second = await start(bus);
    await expectBacktestWords(bus);
    await second.stop();
  });

  test("given a host process that is killed again and again, when candles come, then the words are those of an undisturbed run", async () => {
    const bus = scene.bus();
    await prepare(bus);
    const service = await start(bus);
    const killed = new Set<number>();
    for (let part = 0; part < 4; part++) {
      const pid = await eventually(async () => {
        const found = await pidOf(bus);
        return found !== undefined && !killed.has(found) && found;
      });
      const published = publish(bus, candles.map((own) => own.slice(part * 60, (part + 1) * 60)).flat());
      process.kill(pid, "SIGKILL");
      killed.add(pid);
      await published;
    }
    await expectBacktestWords(bus);
    expect(killed.size).toBe(4);
    await service.stop();
  });

  test("given a host that runs, when its state is asked for, then its memory is that of its own process", async () => {
    const bus = scene.bus();
    await prepare(bus);
    const service = await start(bus);
    const pid = await eventually(() => pidOf(bus));
    expect(pid).not.toBe(process.pid);
    const stats = await statsOf(bus);
    const own = stats.models[MODEL]!;
    expect(own).toMatchObject({ device: "cpu", state: "ready", pinned: false });
    expect(stats).toMatchObject({ total_limit_mb: 8192, total_used_mb: own.memory_mb });
    expect(stats.total_used_mb + stats.total_free_mb).toBeCloseTo(8192, 0);
    expect(stats.utilization_percent).toBeCloseTo((100 * own.memory_mb) / 8192, 0);
    if (process.platform === "linux") expect(own.pss_mb).toBeGreaterThan(10);
    if (process.platform === "linux") expect(own.memory_mb).toBeGreaterThan(own.pss_mb!);
    const text = await service.context.metrics.registry.metrics();
    expect(text).toContain("tradewind_inference_host_memory_bytes{");
    expect(text).toContain(`tradewind_inference_device_info{model="${MODEL}",device="cpu"`);
    await service.stop();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  test("given closes before the variant counts, when they are replayed, then they warm the model up and have no word", async () => {
    const bus = scene.bus();
    await registerModel(bus, MODEL, modelFile());
    await want(bus, variantText(), { effectiveFrom: START + 30 * 60_000 });
    await publish(bus, candles.flat());
    const service = await start(bus);
    const words = await eventually(async () => {
      const found = await wordsOf(bus, INSTRUMENTS[0]);
      return found.length >= LENGTH - 30 && found;
    });
    expect(closesOf(words)).toEqual(closes.slice(30));
    expect(words.every(({ type }) => type === "prediction")).toBe(true);
    await service.stop();
  });
});

describe("a model of several timeframes", () => {
  const plan: MatrixPlan = { ...matrix, timeframes: ["1m", "5m"] };

  test("given both timeframes in the order of the log, when it speaks, then with the bits of a backtest over the finest alone", async () => {
    const bus = scene.bus();
    await prepare(bus, plan);
    await publish(bus, candles.map((own) => withCoarser(own, "15m")).flat());
    const service = await start(bus);
    // 5-minute bars are ready after 18 of them.
    expect(await expectBacktestWords(bus, plan)).toBe(2 * (LENGTH - 89));
    await service.stop();
  });

  test("given a stop between a candle and the coarser one it waits for, when another instance goes on, then nothing changes", async () => {
    const bus = scene.bus();
    await prepare(bus, plan);
    const log = candles.map((own) => withCoarser(own, "5m"));
    const cut = log[0]!.findIndex(({ timeframe, closeTime }) => timeframe === "5m" && closeTime === closes[119]!);
    await publish(bus, log.map((own) => own.slice(0, cut)).flat());
    const first = await start(bus);
    for (const instrument of INSTRUMENTS) await eventually(async () => (await wordsOf(bus, instrument)).length === 119);
    await first.stop();
    await publish(bus, log.map((own) => own.slice(cut)).flat());
    const second = await start(bus);
    await expectBacktestWords(bus, plan);
    await second.stop();
  });

  test("given a variant that decides more often than the model speaks, when candles come, then it abstains on the closes between", async () => {
    const bus = scene.bus();
    const coarse: MatrixPlan = { ...matrix, timeframes: ["5m"] };
    await prepare(bus, coarse);
    await publish(bus, candles.map((own) => withCoarser(own, "5m")).flat());
    const service = await start(bus);
    expect(await expectBacktestWords(bus, coarse)).toBe(2 * (LENGTH / 5 - 17));
    await service.stop();
  });
});

import { describe, expect, test } from "vitest";
import type { Bus } from "@tradewind/bus";
import { decodeMessage, subjectOf, type MemberWord, type ModelRecord } from "@tradewind/contracts";
import { inspectModel, referenceModel, type Golden, type ModelMetadata } from "@tradewind/onnx";
import { setMarketClock } from "@tradewind/kit";
import { eventually } from "@tradewind/testkit";
import { registerModel, type InferenceStats } from "../src/index.ts";
import { eachTestHasABus } from "./support/bus.ts";
import { counted } from "./support/load.ts";
import { sizedModel } from "./support/models.ts";
import { ask, closesOf, matrix, MODEL, publish, settings, start, START, variantText, VENUE, walk, want, wordsOf } from "./support/scene.ts";

const scene = eachTestHasABus();
const INSTRUMENT = "BTC-USDT-PERP";
const WARMUP = 17;
const wall = settings({ run: { clock: "wall" }, inference: { batch_wait_ms: 1 } });
const one = variantText({ trading_symbols: { futures: ["BTC/USDT:USDT"] } });
const candles = walk(INSTRUMENT, 31, 120);
const version = (seed: number, about: Partial<ModelMetadata> = {}): Uint8Array => sizedModel(1, seed, about);
const hashOf = (file: Uint8Array): string => inspectModel(file, "a file").sha256;

/** The market stands still, so that no deadline passes. */
async function prepare(bus: Bus, file: Uint8Array, text = one) {
  await setMarketClock(bus, { wallMs: Date.now(), marketMs: START, speed: 0 });
  await registerModel(bus, MODEL, file);
  await want(bus, text);
  return start(bus, wall);
}

async function said(bus: Bus, count: number): Promise<MemberWord[]> {
  return eventually(
    async () => {
      const words = await wordsOf(bus, INSTRUMENT);
      return words.length >= count && words;
    },
    { timeoutMs: 30_000 },
  );
}

const statsOf = async (bus: Bus): Promise<InferenceStats> => (await ask(bus, "stats")).data as InferenceStats;
const hashesOf = (words: readonly MemberWord[]): string[] =>
  words.map((word) => (word.type === "prediction" ? word.prediction.modelHash : word.type));

describe("a new version", () => {
  test("given closes that come all the time, when another file becomes the champion, then each close has a prediction, first the old one's, then the new one's", async () => {
    const bus = scene.bus();
    const [first, second] = [version(1), version(2)];
    const service = await prepare(bus, first);
    await eventually(() => service.context.state.current().partitions.length === 1);
    const closes = walk(INSTRUMENT, 31, 1_500);
    let sent = 0;
    // A few closes are always under way.
    const until = (enough: (words: readonly MemberWord[]) => boolean): Promise<boolean> =>
      eventually(
        async () => {
          const words = await wordsOf(bus, INSTRUMENT);
          while (sent < Math.min(closes.length, words.length + 3)) await publish(bus, [closes[sent++]!]);
          return enough(words);
        },
        { timeoutMs: 30_000 },
      );
    await until((words) => words.length > WARMUP + 10);
    await registerModel(bus, MODEL, second);
    await until((words) => hashesOf(words).at(-1) === hashOf(second));
    const words = await said(bus, sent);
    expect(closesOf(words)).toEqual(closes.slice(0, sent).map(({ closeTime }) => closeTime));
    const hashes = hashesOf(words.slice(WARMUP));
    const swap = hashes.indexOf(hashOf(second));
    expect(swap).toBeGreaterThan(0);
    expect(new Set(hashes.slice(0, swap))).toEqual(new Set([hashOf(first)]));
    expect(new Set(hashes.slice(swap))).toEqual(new Set([hashOf(second)]));
    expect(await counted(service, "tradewind_inference_loads_total")).toBe(2);
    await service.stop();
  });

  test("given golden vectors that it does not meet, when it becomes the champion, then the old one goes on and one line has both numbers", async () => {
    const bus = scene.bus();
    const first = version(1);
    const golden: Golden = {
      rows: 1,
      matrices: new Float32Array(12).fill(0.1),
      probabilities: Float32Array.of(1, 0, 0),
      tolerance: 1e-5,
    };
    const service = await prepare(bus, first);
    await eventually(async () => (await statsOf(bus)).models[MODEL]?.state === "ready");
    await registerModel(bus, MODEL, version(2, { golden }));
    await eventually(() => service.context.state.current().notes.some(({ text }) => /cannot serve, .* goes on: MODEL_GOLDEN/.test(text)));
    const line = service.context.state.current().notes.find(({ text }) => text.includes("MODEL_GOLDEN"))!.text;
    expect(line).toMatch(/^[^\n]*differs by 0\.\d+ from its golden vectors, which allow 0\.00001[^\n]*$/);
    await publish(bus, candles);
    expect(new Set(hashesOf((await said(bus, candles.length)).slice(WARMUP)))).toEqual(new Set([hashOf(first)]));
    expect(await counted(service, "tradewind_inference_golden_failures_total")).toBeGreaterThan(0);
    await service.stop();
  });

  test("given a time of expiry, when closes pass it, then it abstains and says so", async () => {
    const bus = scene.bus();
    const expiresAt = candles[59]!.closeTime;
    const service = await prepare(bus, version(1, { expiresAt }));
    await publish(bus, candles);
    const words = await said(bus, candles.length);
    expect(new Set(words.slice(WARMUP, 60).map(({ type }) => type))).toEqual(new Set(["prediction"]));
    for (const word of words.slice(60)) expect(word).toMatchObject({ type: "abstention", abstention: { reason: /^expired/ } });
    await service.stop();
  });

  test("given that it is a shadow, when candles come, then it speaks under its own name and the champion as ever", async () => {
    const bus = scene.bus();
    const [first, second] = [version(1), version(2)];
    const service = await prepare(bus, first);
    await registerModel(bus, MODEL, second, { state: "shadow" });
    await publish(bus, candles);
    const champion = await said(bus, candles.length);
    const name = `${MODEL}--${hashOf(second).slice(0, 8)}`;
    const shadow = await eventually(async () => {
      const words: MemberWord[] = [];
      for await (const { data } of bus.read(subjectOf("prediction", { model: name, venue: VENUE, instrument: INSTRUMENT }), { after: 0 })) {
        const decoded = decodeMessage("prediction", data);
        if (decoded.ok) words.push(decoded.envelope.data);
      }
      return words.length >= candles.length && words;
    });
    expect(new Set(hashesOf(champion.slice(WARMUP)))).toEqual(new Set([hashOf(first)]));
    expect(new Set(hashesOf(shadow.slice(WARMUP)))).toEqual(new Set([hashOf(second)]));
    expect(shadow.at(-1)).toMatchObject({ prediction: { source: name } });
    await service.stop();
  });
});

describe("a model that fails", () => {
  test("given a host that is killed again and again, when its model is left alone, then others go on, and a change of its record brings it back", async () => {
    const bus = scene.bus();
    await registerModel(bus, "sound", version(3));
    const service = await prepare(bus, version(1));
    const row = { matrix: Array.from({ length: 12 }, (_, i) => Math.sin(i)) };
    const over = new AbortController();
    let sound = 0;
    const load = (async () => {
      while (!over.signal.aborted) {
        expect(await ask(bus, "predict", { model: "sound", parameters: row })).toMatchObject({ ok: true });
        sound += 1;
      }
    })();
    await eventually(
      async () => {
        const own = (await statsOf(bus)).models[MODEL];
        if (own?.pid !== undefined) process.kill(own.pid, "SIGKILL");
        else if (own?.state !== "quarantined") void ask(bus, "predict", { model: MODEL, parameters: row });
        return own?.state === "quarantined";
      },
      { timeoutMs: 30_000 },
    );
    const refused = await ask(bus, "predict", { model: MODEL, parameters: row });
    expect(refused).toMatchObject({ ok: false, message: expect.stringMatching(/^HOST_LOST: [^\n]*SIGKILL[^\n]*$/) });
    expect(await counted(service, "tradewind_inference_in_quarantine", { model: MODEL })).toBe(1);
    expect(service.context.state.current().notes.some(({ text }) => text.includes(`model ${MODEL} is left alone`))).toBe(true);
    expect(await ask(bus, "pin", { model: MODEL })).toMatchObject({ ok: true });
    await eventually(async () => (await ask(bus, "predict", { model: MODEL, parameters: row })).ok);
    over.abort();
    await load;
    expect(sound).toBeGreaterThan(0);
    expect(await counted(service, "tradewind_inference_host_lost_total", { model: "sound" })).toBe(0);
    await service.stop();
  });

  test("given closes that come all the time, when the host is killed in mid-batch, then each close has its prediction all the same", async () => {
    const bus = scene.bus();
    const service = await prepare(bus, version(1));
    for (let part = 0; part < 4; part++) {
      const { pid } = await eventually(async () => {
        const own = (await statsOf(bus)).models[MODEL];
        return own?.pid === undefined ? undefined : { pid: own.pid };
      });
      process.kill(pid, "SIGSTOP");
      await publish(bus, candles.slice(part * 30, (part + 1) * 30));
      process.kill(pid, "SIGKILL");
      await said(bus, (part + 1) * 30);
    }
    const words = await said(bus, candles.length);
    expect(closesOf(words)).toEqual(candles.map(({ closeTime }) => closeTime));
    expect(new Set(words.slice(WARMUP).map(({ type }) => type))).toEqual(new Set(["prediction"]));
    await service.stop();
  });
});

describe("a model's device", () => {
  test("given a device this machine does not have, when the model serves, then on the CPU, and stats, metric and a note say so", async () => {
    const bus = scene.bus();
    const service = await prepare(bus, version(1));
    expect(await ask(bus, "device", { model: MODEL, parameters: { device: "cuda:7" } })).toMatchObject({ ok: true });
    const own = await eventually(async () => {
      const found = (await statsOf(bus)).models[MODEL];
      return found?.fall_back !== undefined && found;
    });
    expect(own).toMatchObject({ device: "cpu", fall_back: expect.stringMatching(/^cuda:7 cannot be had, runs on the CPU: [^\n]+$/) });
    expect(await counted(service, "tradewind_inference_fall_backs_total", { asked: "cuda:7" })).toBe(1);
    expect(await counted(service, "tradewind_inference_device_info", { device: "cpu" })).toBe(1);
    expect(service.context.state.current().notes.some(({ text }) => text.includes("cuda:7 cannot be had"))).toBe(true);
    await publish(bus, candles);
    const words = await said(bus, candles.length);
    expect(new Set(words.slice(WARMUP).map(({ type }) => type))).toEqual(new Set(["prediction"]));
    await service.stop();
  });
});

describe("what is asked of a model over the bus", () => {
  const row = Array.from({ length: 12 }, (_, i) => Math.sin(i));

  test("given matrices, an instrument, or another timeframe, when a prediction is asked for, then it is that of the model's own word", async () => {
    const bus = scene.bus();
    const service = await prepare(bus, referenceModel({ matrix, seed: 3 }));
    await publish(bus, candles);
    const words = await said(bus, candles.length);
    const last = words.at(-1)!;
    const reply = await ask(bus, "predict", { model: MODEL, parameters: { venue: VENUE, instrument: INSTRUMENT } });
    expect(reply.ok).toBe(true);
    const { rows, closeTime, version: answered } = reply.data as { rows: { score: number }[]; closeTime: number; version: string };
    expect(last).toMatchObject({ prediction: { closeTime, modelHash: answered } });
    expect(rows[0]!.score).toBeCloseTo(last.type === "prediction" ? last.prediction.score : NaN, 5);
    expect(
      await ask(bus, "predict", { model: MODEL, parameters: { venue: VENUE, instrument: INSTRUMENT, timeframe: "5m" } }),
    ).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^NO_FEATURES: .*5m/),
    });
    const many = await ask(bus, "predict", { model: MODEL, parameters: { matrix: [...row, ...row], rows: 2 } });
    const both = (many.data as { rows: unknown[] }).rows;
    expect(both).toHaveLength(2);
    expect(both[0]).toEqual(both[1]);
    for (const parameters of [{ matrix: row.slice(1) }, { venue: VENUE, instrument: "NOPE" }])
      expect(await ask(bus, "predict", { model: MODEL, parameters })).toMatchObject({
        ok: false,
        message: expect.stringMatching(/^[^\n]+$/),
      });
    await service.stop();
  });

  test("given two instances, when one model is asked, then one of them answers, and both together stay within the limit", async () => {
    const bus = scene.bus();
    const ids = ["a", "b", "c", "d"];
    for (const [i, id] of ids.entries()) await registerModel(bus, id, version(i + 1));
    const config = settings({ run: { clock: "wall" }, inference: { total_limit_mb: 330 } });
    const services = [await start(bus, config), await start(bus, config)];
    for (let round = 0; round < 3; round++)
      for (const model of ids) {
        const replies = await ask(bus, "predict", { model, parameters: { matrix: row } });
        expect(replies).toMatchObject({ ok: true, data: { model } });
        const { total_used_mb, total_free_mb } = await statsOf(bus);
        expect(total_used_mb).toBeLessThanOrEqual(330);
        expect(total_free_mb).toBeGreaterThanOrEqual(0);
      }
    expect(((await ask(bus, "list")).data as ModelRecord[]).map(({ id }) => id)).toEqual(ids);
    await Promise.all(services.map((service) => service.stop()));
  });
});

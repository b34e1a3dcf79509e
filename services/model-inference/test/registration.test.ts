import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { championOf, type ModelRecord } from "@tradewind/contracts";
import { dropModel, readModel, setMarketClock } from "@tradewind/kit";
import { graphBuilder, metadataProperties, REFERENCE_LABELS, writeModel } from "@tradewind/onnx";
import { eventually, tempDir } from "@tradewind/testkit";
import { registerModel } from "../src/index.ts";
import { fileOf } from "../src/registration.ts";
import { eachTestHasABus } from "./support/bus.ts";
import {
  ask,
  closesOf,
  matrix,
  MODEL,
  modelFile,
  publish,
  settings,
  start,
  START,
  variantText,
  walk,
  want,
  wordsOf,
} from "./support/scene.ts";

const scene = eachTestHasABus();
const INSTRUMENT = "BTC-USDT-PERP";
const one = variantText({ trading_symbols: { futures: ["BTC/USDT:USDT"] } });

/** A file whose metadata and shapes fit, of an operator that no runtime has. */
function unloadable(): Uint8Array {
  const graph = graphBuilder("broken");
  graph.output("y", graph.add("NoSuchOperator", [graph.input("x", "float", ["batch", 12])]), "float", ["batch", 3]);
  const metadata = metadataProperties({ matrix, labels: REFERENCE_LABELS, version: "1", notes: {} });
  return writeModel({ graph: graph.finish(), opset: 17, producer: "test", producerVersion: "1", metadata });
}

/** A file that fits by its shapes and says nothing of itself. */
function unlabelled(): Uint8Array {
  const graph = graphBuilder("foreign");
  const flat = graph.add("Flatten", [graph.input("x", "float", ["batch", 12])], { axis: 1 });
  const weights = graph.constant([12, 3], new Float32Array(36).fill(0.1));
  graph.output("y", graph.add("Softmax", [graph.add("MatMul", [flat, weights])], { axis: 1 }), "float", ["batch", 3]);
  return writeModel({ graph: graph.finish(), opset: 17, producer: "test", producerVersion: "1", metadata: {} });
}

async function listed(bus: ReturnType<typeof scene.bus>): Promise<ModelRecord[]> {
  return (await ask(bus, "list")).data as ModelRecord[];
}

describe("registering models", () => {
  test("given settings with good and bad files, when the service starts, then each bad one is one line and the good one is there", async () => {
    const folder = tempDir();
    const files = {
      good: modelFile(),
      cut: modelFile().subarray(0, 300),
      text: new TextEncoder().encode("no model"),
      unloadable: unloadable(),
    };
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, `${name}.onnx`), bytes);
    const models = Object.fromEntries([...Object.keys(files), "absent"].map((name) => [name, join(folder, `${name}.onnx`)]));
    const service = await start(scene.bus(), settings({ inference: { models } }));
    expect((await listed(scene.bus())).map(({ id }) => id)).toEqual(["good"]);
    const notes = service.context.state.current().notes.map((note) => note.text);
    for (const name of ["cut", "text", "unloadable", "absent"]) {
      const lines = notes.filter((text) => text.startsWith(`model ${name} `));
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toContain("\n");
    }
    await service.stop();
  });

  test("given a file, when it is registered twice, then its record stays as it is; another file replaces it", async () => {
    const bus = scene.bus();
    const first = await registerModel(bus, MODEL, modelFile());
    expect(first.versions[0]!.sha256).toBe(createHash("sha256").update(modelFile()).digest("hex"));
    expect(await registerModel(bus, MODEL, modelFile())).toEqual(first);
    const other = await registerModel(bus, MODEL, modelFile({ ...matrix, window: 5 }));
    expect(other.versions.map(({ state }) => state)).toEqual(["champion", "retired"]);
    expect(other.versions[1]!.sha256).toBe(first.versions[0]!.sha256);
    expect(other.versions[0]!.featureSchema).not.toBe(first.versions[0]!.featureSchema);
    await expect(registerModel(bus, "no.token", modelFile())).rejects.toMatchObject({ code: "BAD_MODEL_ID" });
  });

  test("given settings that have not changed, when the service starts again, then what was promoted since stays", async () => {
    const bus = scene.bus();
    const folder = tempDir();
    const file = join(folder, "m.onnx");
    writeFileSync(file, modelFile());
    const config = settings({ inference: { models: { [MODEL]: file } } });
    await (await start(bus, config)).stop();
    const better = await registerModel(bus, MODEL, modelFile({ ...matrix, window: 5 }));
    await (await start(bus, config)).stop();
    expect(await readModel(bus, MODEL)).toEqual(better);
    const since = await dropModel(bus, MODEL, better.versions[1]!.sha256, { by: "test", reason: "old", at: 0 });
    await (await start(bus, config)).stop();
    expect(await readModel(bus, MODEL)).toEqual(since);
    writeFileSync(file, modelFile({ ...matrix, window: 6 }));
    await (await start(bus, config)).stop();
    expect((await readModel(bus, MODEL))!.versions.map(({ matrix: { window }, state }) => [window, state])).toEqual([
      [6, "champion"],
      [5, "retired"],
    ]);
  });

  test("given a blob, when it is registered by command, then it serves; when it is taken out, then it is gone", async () => {
    const bus = scene.bus();
    const service = await start(bus);
    await want(bus, one);
    await bus.blobs("model-files").put("upload-1", modelFile());
    expect(await ask(bus, "register", { model: MODEL, blob: "upload-1", parameters: { state: "champion" } })).toMatchObject({ ok: true });
    expect(await bus.blobs("model-files").list()).toEqual([(await listed(bus))[0]!.versions[0]!.sha256]);
    await eventually(() => service.context.state.current().partitions.includes(MODEL));

    expect(await ask(bus, "unregister", { model: MODEL })).toMatchObject({ ok: true });
    await eventually(() => service.context.state.current().partitions.length === 0);
    expect(await listed(bus)).toEqual([]);
    expect(await bus.blobs("model-files").list()).toEqual([]);
    await service.stop();
  });

  test("given a registered model, when its versions and settings are changed by command, then each change is in its history", async () => {
    const bus = scene.bus();
    const service = await start(bus);
    const other = await start(bus);
    await registerModel(bus, MODEL, modelFile());
    await bus.blobs("model-files").put("upload-1", modelFile({ ...matrix, window: 5 }));
    const added = (await ask(bus, "register", { model: MODEL, blob: "upload-1" })).data as ModelRecord;
    expect(added.versions.map(({ state }) => state)).toEqual(["candidate", "champion"]);
    const [candidate, champion] = added.versions.map(({ sha256 }) => sha256.slice(0, 8));
    const change = (verb: string, parameters: Readonly<Record<string, unknown>> = {}) => ask(bus, verb, { model: MODEL, parameters });
    expect(await change("state", { version: candidate, state: "champion", reason: "better" })).toMatchObject({ ok: true });
    expect(await change("pin")).toMatchObject({ ok: true, data: { pinned: true } });
    expect(await change("device", { device: "cuda:0" })).toMatchObject({ ok: true, data: { device: "cuda:0" } });
    expect(await change("limit", { limit_mb: 300 })).toMatchObject({ ok: true, data: { limitMb: 300 } });
    expect(await change("unpin")).toMatchObject({ ok: true, data: { pinned: false } });
    const record = (await listed(bus))[0]!;
    expect(record).toMatchObject({ device: "cuda:0", limitMb: 300 });
    expect(record.history.slice(0, 2)).toMatchObject([
      { to: "champion", from: "candidate", reason: "better", by: "test" },
      { to: "retired", from: "champion", reason: "better" },
    ]);
    for (const [verb, parameters] of [
      ["state", { version: "00000000", state: "shadow" }],
      ["state", { version: champion, state: "king" }],
      ["state", { state: "shadow" }],
      ["device", { device: "gpu of mine" }],
      ["limit", { limit_mb: -1 }],
      ["unregister", { version: "00000000" }],
    ] as const)
      expect(await change(verb, parameters)).toMatchObject({ ok: false, message: expect.stringMatching(/^[^\n]+$/) });
    expect(await change("unregister", { version: champion })).toMatchObject({ ok: true, data: { versions: [{ state: "champion" }] } });
    expect(await bus.blobs("model-files").list()).toEqual([record.versions[0]!.sha256]);
    await Promise.all([service.stop(), other.stop()]);
  });

  test("given a record that nobody can read, when the models are listed, then the others are there", async () => {
    const service = await start(scene.bus());
    await registerModel(scene.bus(), MODEL, modelFile());
    await scene.bus().kv("models").put("bad", "{");
    expect((await listed(scene.bus())).map(({ id }) => id)).toEqual([MODEL]);
    await service.stop();
  });

  test("given an older version, when its file is registered again, then the answer is about it", async () => {
    const bus = scene.bus();
    const service = await start(bus);
    const old = (await registerModel(bus, MODEL, modelFile())).versions[0]!.sha256.slice(0, 8);
    await registerModel(bus, MODEL, modelFile({ ...matrix, window: 5 }));
    await bus.blobs("model-files").put("upload-1", modelFile());
    expect((await ask(bus, "register", { model: MODEL, blob: "upload-1" })).message).toBe(
      `model ${MODEL} is registered: ${old} as candidate`,
    );
    await service.stop();
  });

  test("given a file without metadata, when it is registered with metadata beside it, then it is kept with it; a bad file leaves nothing", async () => {
    const bus = scene.bus();
    const service = await start(bus);
    const features = { timeframes: ["1m"], window: 4, features: [{ name: "log_return" }, { name: "rsi" }, { name: "body" }] };
    const metadata = { features, labels: ["down", "flat", "up"], version: "foreign-1" };
    await bus.blobs("model-files").put("upload-1", unlabelled());
    expect(await ask(bus, "register", { model: MODEL, blob: "upload-1" })).toMatchObject({ ok: false, message: /tradewind.format/ });
    await bus.blobs("model-files").put("upload-2", unlabelled());
    const reply = await ask(bus, "register", { model: MODEL, blob: "upload-2", parameters: { metadata, state: "shadow" } });
    expect(reply).toMatchObject({ ok: true, data: { versions: [{ version: "foreign-1", state: "shadow" }] } });
    expect(await bus.blobs("model-files").list()).toEqual([(await listed(bus))[0]!.versions[0]!.sha256]);
    await service.stop();
  });

  test("given a file that was changed in the store, when it is to serve, then it is refused by name", async () => {
    const bus = scene.bus();
    const record = await registerModel(bus, MODEL, modelFile());
    await bus.blobs("model-files").put(record.versions[0]!.sha256, modelFile({ ...matrix, window: 5 }));
    await expect(fileOf(bus, championOf(record)!)).rejects.toMatchObject({ code: "MODEL_FILE_CHANGED", action: "input" });
    await bus.blobs("model-files").put(record.versions[0]!.sha256, new TextEncoder().encode("no model"));
    await expect(fileOf(bus, championOf(record)!)).rejects.toMatchObject({ code: "MODEL_FILE_CHANGED", action: "input" });
  });

  test.each([
    ["predict", { model: "unknown", parameters: { matrix: [1] } }],
    ["predict", { model: MODEL, parameters: { matrix: "!" } }],
    ["predict", { model: MODEL, parameters: { matrix: [1, null] } }],
    ["stats", { parameters: { instance: 7 } }],
    ["register", { model: MODEL }],
    ["register", { model: MODEL, blob: "absent" }],
    ["unregister", { model: "unknown" }],
    ["unregister", {}],
    ["explode", {}],
  ])("given the command %s with %j, when it is sent, then one line says what is wrong", async (verb, command) => {
    const service = await start(scene.bus());
    const { ok, message } = await ask(scene.bus(), verb, command);
    expect(ok).toBe(false);
    expect(message).toMatch(/^[^\n]+$/);
    await service.stop();
  });
});

describe("a model that cannot speak", () => {
  test("given a file that the runtime refuses, when candles come, then each close has an abstention with the reason", async () => {
    const bus = scene.bus();
    await registerModel(bus, MODEL, unloadable());
    await want(bus, one);
    await publish(bus, walk(INSTRUMENT, 3, 30));
    const service = await start(bus);
    const words = await eventually(async () => {
      const found = await wordsOf(bus, INSTRUMENT);
      return found.length >= 30 && found;
    });
    for (const word of words.slice(17)) expect(word).toMatchObject({ type: "abstention", abstention: { reason: /^MODEL_LOAD: / } });
    await service.stop();
  });

  test("given closes older than their deadline, when the clock is the wall's, then each has an abstention", async () => {
    const bus = scene.bus();
    const candles = walk(INSTRUMENT, 3, 30);
    await setMarketClock(bus, { wallMs: Date.now(), marketMs: START + 3_600_000, speed: 1 });
    await registerModel(bus, MODEL, modelFile());
    await want(bus, one);
    await publish(bus, candles);
    const service = await start(bus, settings({ run: { clock: "wall" } }));
    const words = await eventually(async () => {
      const found = await wordsOf(bus, INSTRUMENT);
      return found.length >= 30 && found;
    });
    expect(closesOf(words)).toEqual(candles.map(({ closeTime }) => closeTime));
    expect(new Set(words.map(({ type }) => type))).toEqual(new Set(["abstention"]));
    await service.stop();
  });

  test("given a variant whose model nobody registered, when the service runs, then one note names it and nothing is said", async () => {
    const bus = scene.bus();
    await want(bus, one);
    await publish(bus, walk(INSTRUMENT, 3, 5));
    const service = await start(bus);
    const notes = service.context.state.current().notes.filter(({ text }) => text.includes(MODEL));
    expect(notes).toHaveLength(1);
    expect(await wordsOf(bus, INSTRUMENT)).toEqual([]);
    await service.stop();
  });
});

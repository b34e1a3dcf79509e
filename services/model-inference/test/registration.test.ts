import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ModelRecord } from "@tradewind/contracts";
import { setMarketClock } from "@tradewind/kit";
import { graphBuilder, metadataProperties, REFERENCE_LABELS, writeModel } from "@tradewind/onnx";
import { eventually, tempDir } from "@tradewind/testkit";
import { registerModel } from "../src/index.ts";
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

  test("given a blob, when it is registered by command, then it serves; when it is taken out, then it is gone", async () => {
    const bus = scene.bus();
    const service = await start(bus);
    await want(bus, one);
    await bus.blobs("model-files").put("upload-1", modelFile());
    expect(await ask(bus, "register", { model: MODEL, blob: "upload-1" })).toMatchObject({ ok: true });
    expect(await bus.blobs("model-files").list()).toEqual([(await listed(bus))[0]!.versions[0]!.sha256]);
    await eventually(() => service.context.state.current().partitions.includes(MODEL));

    expect(await ask(bus, "unregister", { model: MODEL })).toMatchObject({ ok: true });
    await eventually(() => service.context.state.current().partitions.length === 0);
    expect(await listed(bus)).toEqual([]);
    expect(await bus.blobs("model-files").list()).toEqual([]);
    await service.stop();
  });

  test.each([
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

import { describe, expect, test } from "vitest";
import type { Bus } from "@tradewind/bus";
import { inspectModel } from "@tradewind/onnx";
import { eventually } from "@tradewind/testkit";
import { setMarketClock } from "@tradewind/kit";
import { registerModel, type InferenceStats } from "../src/index.ts";
import { eachTestHasABus } from "./support/bus.ts";
import { counted } from "./support/load.ts";
import { sizedModel } from "./support/models.ts";
import { ask, MODEL, settings, start, START, variantText, want } from "./support/scene.ts";

const scene = eachTestHasABus();
const wall = settings({ run: { clock: "wall" } });
const row = { matrix: Array.from({ length: 12 }, (_, i) => Math.sin(i)) };
const statsOf = async (bus: Bus): Promise<InferenceStats["models"]> => ((await ask(bus, "stats")).data as InferenceStats).models;

describe("whom a host serves", () => {
  test("given a shadow that becomes the champion, when its host is lost, then it is told, counted and named as the champion's", async () => {
    const bus = scene.bus();
    const second = sizedModel(1, 2);
    const shadow = `${MODEL}--${inspectModel(second, "a file").sha256.slice(0, 8)}`;
    await setMarketClock(bus, { wallMs: Date.now(), marketMs: START, speed: 0 });
    await registerModel(bus, MODEL, sizedModel(1, 1));
    await registerModel(bus, MODEL, second, { state: "shadow" });
    await want(bus, variantText());
    const service = await start(bus, wall);
    const pid = await eventually(async () => (await statsOf(bus))[shadow]?.pid);
    expect(await ask(bus, "state", { model: MODEL, parameters: { version: shadow.slice(-8), state: "champion" } })).toMatchObject({
      ok: true,
    });
    const own = await eventually(async () => {
      const stats = await statsOf(bus);
      return stats[shadow] === undefined && stats[MODEL]?.version === shadow.slice(-8) && stats[MODEL];
    });
    expect(own).toMatchObject({ pid, state: "ready" });
    process.kill(pid, "SIGKILL");
    await eventually(async () => (await counted(service, "tradewind_inference_host_lost_total", { model: MODEL })) === 1);
    const lost = service.context.state.current().notes.filter(({ text }) => text.includes("SIGKILL"));
    expect(lost).toHaveLength(1);
    expect(lost[0]!.text).not.toContain(shadow);
    await service.stop();
  });

  test("given two models of one file, when one is given up, then the other keeps the host, its pin and its place", async () => {
    const bus = scene.bus();
    const file = sizedModel(1, 1);
    for (const id of ["one", "other"]) await registerModel(bus, id, file);
    const service = await start(bus, wall);
    for (const model of ["one", "other"]) await ask(bus, "pin", { model });
    const both = await eventually(async () => {
      const stats = await statsOf(bus);
      return stats["one"]?.pid !== undefined && stats["other"]?.pid !== undefined && stats;
    });
    expect(both["one"]!.pid).toBe(both["other"]!.pid);
    expect(await ask(bus, "unpin", { model: "other" })).toMatchObject({ ok: true });
    const left = await eventually(async () => {
      const stats = await statsOf(bus);
      return stats["other"] === undefined && stats["one"];
    });
    expect(left).toMatchObject({ pid: both["one"]!.pid, pinned: true, state: "ready" });
    await service.stop();
  });

  test("given a pinned model that no variant wants, when the service starts, then it is in memory before anybody asks", async () => {
    const bus = scene.bus();
    await registerModel(bus, MODEL, sizedModel(1, 1));
    const before = await start(bus, wall);
    await ask(bus, "pin", { model: MODEL });
    await before.stop();
    const service = await start(bus, wall);
    const own = await eventually(async () => {
      const found = (await statsOf(bus))[MODEL];
      return found?.state === "ready" && found;
    });
    expect(own).toMatchObject({ pinned: true });
    expect(await ask(bus, "predict", { model: MODEL, parameters: row })).toMatchObject({ ok: true });
    expect((await statsOf(bus))[MODEL]!.pid).toBe(own.pid);
    await service.stop();
  });
});

test("given models that do not all fit, when a second instance takes over half of the models, then the first makes room and all are served", async () => {
  const bus = scene.bus();
  const ids = ["a", "b", "c", "d", "e", "f"];
  for (const [i, id] of ids.entries()) await registerModel(bus, id, sizedModel(1, i + 1));
  await setMarketClock(bus, { wallMs: Date.now(), marketMs: START, speed: 0 });
  await want(bus, variantText({ models: ids.map((id) => ({ id })) }));
  const config = settings({ run: { clock: "wall" }, inference: { total_limit_mb: 400 } });
  const first = await start(bus, config);
  await eventually(() => first.context.state.current().partitions.length === ids.length);
  const second = await start(bus, config);
  await eventually(() => second.context.state.current().partitions.length === ids.length / 2, { timeoutMs: 30_000 });
  for (const service of [first, second])
    for (const model of service.context.state.current().partitions)
      await eventually(async () => (await ask(bus, "predict", { model, parameters: row })).ok, { timeoutMs: 30_000 });
  await Promise.all([first.stop(), second.stop()]);
});

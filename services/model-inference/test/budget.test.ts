import { describe, expect, test } from "vitest";
import { matrixSize } from "@tradewind/core";
import { inspectModel } from "@tradewind/onnx";
import { eventually } from "@tradewind/testkit";
import { registerModel, type InferenceStats } from "../src/index.ts";
import { createEstimates } from "../src/budget/estimates.ts";
import { bytesOfMib, mibOf } from "../src/budget/mib.ts";
import { eachTestHasABus } from "./support/bus.ts";
import { hostOf, memoryOf } from "./support/hosts.ts";
import { counted, loadWith } from "./support/load.ts";
import { sizedModel } from "./support/models.ts";
import { hostPids, sampleHosts } from "./support/sample.ts";
import { ask, matrix, settings, start } from "./support/scene.ts";

const scene = eachTestHasABus();
const onLinux = process.platform === "linux";
const wall = (inference: Record<string, unknown>) => settings({ run: { clock: "wall" }, inference });
const row = { matrix: Array.from({ length: matrixSize(matrix) }, (_, i) => Math.sin(i)) };

describe("the budget of memory", () => {
  test("given models that together exceed the limit, when all are asked at once, then no sum of hosts ever exceeds it and each request has its answer", async () => {
    const bus = scene.bus();
    const sizes = { small: 0.1, middle: 6, large: 20, other: 12 };
    for (const [i, [id, mb]] of Object.entries(sizes).entries()) await registerModel(bus, id, sizedModel(mb, i + 1));
    const service = await start(bus, wall({ total_limit_mb: 360, per_model_limit_mb: 300 }));
    const seed = 5;
    const samples = sampleHosts();
    const loads = () => counted(service, "tradewind_inference_loads_total");
    const { answered, refused } = await loadWith(bus, Object.keys(sizes), 6, seed, async () => (await loads()) >= 10);
    const seen = await samples.stop();
    expect(answered, `seed ${seed}`).toBeGreaterThan(10);
    for (const line of refused.keys()) expect(line).toMatch(/^(?:DEADLINE|MEMORY_REFUSED): [^\n]+$/);
    expect(await counted(service, "tradewind_inference_evictions_total")).toBeGreaterThan(0);
    if (onLinux) {
      expect(seen.hostsMost).toBeGreaterThan(1);
      expect(mibOf(seen.pssMost)).toBeLessThanOrEqual(360);
      expect(mibOf(seen.peaksMost)).toBeLessThanOrEqual(360);
    }
    await service.stop();
    await eventually(() => !onLinux || hostPids().length === 0);
  });

  test("given a model over its limit, when it is asked, then one line has both numbers, and the others are served", async () => {
    const bus = scene.bus();
    await registerModel(bus, "fat", sizedModel(40, 1));
    await registerModel(bus, "thin", sizedModel(0.1, 2));
    const service = await start(bus, wall({ per_model_limit_mb: 140 }));
    const reply = await ask(bus, "predict", { model: "fat", parameters: row });
    expect(reply).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^MODEL_MEMORY: model fat wants .*\d MiB.* limit is 140 MiB$/),
    });
    expect(await ask(bus, "predict", { model: "thin", parameters: row })).toMatchObject({ ok: true });
    const stats = (await ask(bus, "stats")).data as InferenceStats;
    expect(stats.models["fat"]).toMatchObject({
      state: "quarantined",
      device: "none",
      memory_mb: 0,
      quarantine: { reason: reply.message },
    });
    expect(stats.models["thin"]).toMatchObject({ state: "ready" });
    expect(await counted(service, "tradewind_inference_in_quarantine", { model: "fat" })).toBe(1);
    expect(await counted(service, "tradewind_inference_quarantined_total", { model: "thin" })).toBe(0);
    const notes = service.context.state.current().notes.filter(({ text }) => text.includes("fat is left alone"));
    expect(notes).toHaveLength(1);
    await service.stop();
  });

  test("given a pinned model that leaves too little, when another is asked, then it is refused with what it wants and what can be had", async () => {
    const bus = scene.bus();
    await registerModel(bus, "pinned", sizedModel(30, 1));
    await ask(await startOn(), "pin", { model: "pinned" });
    await registerModel(bus, "other", sizedModel(30, 2));
    expect(await ask(bus, "predict", { model: "pinned", parameters: row })).toMatchObject({ ok: true });
    expect(await ask(bus, "predict", { model: "other", parameters: row })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^MEMORY_REFUSED: model other wants [\d.]+ MiB of memory, at most [\d.]+ MiB of 400 MiB can be had$/),
    });
    expect(await ask(bus, "predict", { model: "pinned", parameters: row })).toMatchObject({ ok: true });

    async function startOn() {
      await start(bus, wall({ total_limit_mb: 400 }));
      return bus;
    }
  });

  test.skipIf(!onLinux)(
    "given a host that takes more than it was granted, when it loads, then it is ended, and tried again with more within its limit",
    async () => {
      const model = inspectModel(sizedModel(30, 3), "the model");
      const estimates = createEstimates();
      // A guess far too low: what was learned of another file.
      estimates.learn(model.sha256, bytesOfMib(60));
      const { book, memory } = memoryOf(2_048);
      const host = hostOf(model, { memory, estimates });
      expect(await host.run(new Float32Array(matrixSize(matrix)), 1)).toHaveLength(3);
      expect(estimates.loading(model.sha256, model.bytes.length)).toBeGreaterThan(bytesOfMib(120));
      expect(book.usedBytes).toBeGreaterThan(0);
      await host.stop();
      expect(book.usedBytes).toBe(0);
    },
  );
});

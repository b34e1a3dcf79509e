import { expect, test } from "vitest";
import { eventually } from "@tradewind/testkit";
import { registerModel, type InferenceStats } from "../src/index.ts";
import { createEstimates } from "../src/budget/estimates.ts";
import { mibOf } from "../src/budget/mib.ts";
import { eachTestHasABus } from "./support/bus.ts";
import { counted, loadWith } from "./support/load.ts";
import { sizedModel } from "./support/models.ts";
import { hostPids, sampleHosts } from "./support/sample.ts";
import { ask, settings, start } from "./support/scene.ts";

const scene = eachTestHasABus();
const LOADS = 200;
const LIMIT_MB = 512;
const CLIENTS = 8;
const sizes = { tiny: 0, small: 2, six: 6, ten: 10, sixteen: 16, large: 30 };

test.runIf(process.platform === "linux")(
  "given models that together exceed the limit, when they are loaded and evicted 200 times under load, then their hosts never exceed it and every request has its answer",
  { timeout: 900_000 },
  async () => {
    const bus = scene.bus();
    const files = Object.entries(sizes).map(([id, mb], i) => [id, sizedModel(mb, i + 1)] as const);
    for (const [id, file] of files) await registerModel(bus, id, file);
    const config = settings({ run: { clock: "wall" }, inference: { total_limit_mb: LIMIT_MB, per_model_limit_mb: 400 } });
    const service = await start(bus, config);
    const base = process.memoryUsage().rss;
    const measured = new Map<string, number>();
    const samples = sampleHosts();
    const seed = 11;
    const loads = () => counted(service, "tradewind_inference_loads_total");
    const { answered, refused } = await loadWith(bus, Object.keys(sizes), CLIENTS, seed, async () => {
      const stats = (await ask(bus, "stats")).data as InferenceStats;
      for (const [id, { state, memory_mb }] of Object.entries(stats.models)) if (state === "ready") measured.set(id, memory_mb);
      expect(stats.total_used_mb).toBeLessThanOrEqual(LIMIT_MB);
      return (await loads()) >= LOADS;
    });
    const seen = await samples.stop();
    const evictions = await counted(service, "tradewind_inference_evictions_total");
    await service.stop();
    await eventually(() => hostPids().length === 0);
    const estimates = createEstimates();
    const lines = files.map(([id, file]) => {
      const guess = mibOf(estimates.loading(id, file.length));
      return `  ${id.padEnd(8)} file ${mibOf(file.length)} MiB, estimated ${guess} MiB, held once measured ${measured.get(id) ?? "-"} MiB`;
    });
    process.stderr.write(
      `${[
        `limit ${LIMIT_MB} MiB: ${LOADS} loads, ${evictions} evictions, ${answered} answered, ${[...refused.values()].reduce((sum, one) => sum + one, 0)} refused`,
        `most at once over ${seen.count} looks: Pss ${mibOf(seen.pssMost)} MiB, high-water marks ${mibOf(seen.peaksMost)} MiB, ${seen.hostsMost} hosts`,
        `service itself: ${mibOf(base)} MiB before, ${mibOf(process.memoryUsage().rss)} MiB after`,
        ...lines,
      ].join("\n")}\n`,
    );
    expect(evictions).toBeGreaterThan(LOADS / 2);
    expect(answered, `seed ${seed}`).toBeGreaterThan(LOADS);
    for (const line of refused.keys()) expect(line).toMatch(/^(?:DEADLINE|MEMORY_REFUSED): [^\n]+$/);
    expect(mibOf(seen.pssMost)).toBeLessThanOrEqual(LIMIT_MB);
    expect(mibOf(seen.peaksMost)).toBeLessThanOrEqual(LIMIT_MB);
  },
);

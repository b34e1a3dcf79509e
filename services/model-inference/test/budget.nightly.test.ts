import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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
/** What 200 loads may leave behind: nothing, but code that is compiled and buffers that are still in use. */
const KEPT_HEAP_MOST_MB = 16;
/** Files at hand, for hosts that are replaced, and one or two on their way. */
const KEPT_FILES_MOST_MB = 64 + 2 * 32;
const sizes = { tiny: 0, small: 2, six: 6, ten: 10, sixteen: 16, large: 30 };

interface Kept {
  readonly heapMb: number;
  readonly buffersMb: number;
  readonly rssMb: number;
}

/** What this process has and cannot give back. */
async function kept(): Promise<Kept> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 4; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heapMb: mibOf(heapUsed), buffersMb: mibOf(arrayBuffers), rssMb: mibOf(rss) };
}

const lineOf = ({ heapMb, buffersMb, rssMb }: Kept): string => `heap ${heapMb} + buffers ${buffersMb} MiB (resident ${rssMb})`;

test.runIf(process.platform === "linux")(
  "given models that together exceed the limit, when they are loaded and evicted 200 times under load, then their hosts never exceed it and every request has its answer",
  { timeout: 900_000 },
  async () => {
    const bus = scene.bus();
    const files = Object.entries(sizes).map(([id, mb], i) => [id, sizedModel(mb, i + 1)] as const);
    for (const [id, file] of files) await registerModel(bus, id, file);
    const config = settings({ run: { clock: "wall" }, inference: { total_limit_mb: LIMIT_MB, per_model_limit_mb: 400 } });
    const service = await start(bus, config);
    const base = await kept();
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
    const after = await kept();
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
        `service itself keeps ${lineOf(base)} before, ${lineOf(after)} after`,
        ...lines,
      ].join("\n")}\n`,
    );
    expect(evictions).toBeGreaterThan(LOADS / 2);
    expect(answered, `seed ${seed}`).toBeGreaterThan(LOADS);
    for (const line of refused.keys()) expect(line).toMatch(/^(?:DEADLINE|MEMORY_REFUSED): [^\n]+$/);
    expect(mibOf(seen.pssMost)).toBeLessThanOrEqual(LIMIT_MB);
    expect(mibOf(seen.peaksMost)).toBeLessThanOrEqual(LIMIT_MB);
    expect(after.heapMb - base.heapMb).toBeLessThan(KEPT_HEAP_MOST_MB);
    expect(after.buffersMb - base.buffersMb).toBeLessThan(KEPT_FILES_MOST_MB);
  },
);

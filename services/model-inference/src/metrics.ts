import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Why a model did not vote, in one word, for counting. */
export type Silence = "not_ready" | "late" | "failed" | "memory" | "expired" | "other_timeframe";

/** The memory of this instance's hosts at one moment. */
export interface MemoryNow {
  readonly limitBytes: number;
  /** What the book has granted. */
  readonly usedBytes: number;
  readonly hosts: readonly {
    readonly model: string;
    /** cpu, cuda:0; none while it is not loaded. */
    readonly device: string;
    /** Measured: proportional set size. Zero while it is not loaded. */
    readonly memoryBytes: number;
    readonly quarantined: boolean;
  }[];
}

export interface InferenceMetrics {
  readonly predictions: Counter<"model">;
  readonly abstentions: Counter<"model" | "reason">;
  /** Wall time from a candle's taking to its word, seconds. */
  readonly latency: Histogram<"model">;
  /** Where feature matrices came from: cache, own. */
  readonly features: Counter<"model" | "from">;
  readonly restarts: Counter<"model">;
  readonly loads: Counter<"model">;
  readonly loadSeconds: Histogram<"model">;
  readonly evictions: Counter<"model">;
  readonly refusals: Counter<"model">;
  readonly quarantined: Counter<"model">;
  readonly goldenFailures: Counter<"model">;
  readonly fallBacks: Counter<"model" | "asked">;
  readonly batch: Histogram<"model">;
  /** Names who knows the memory: it is measured when the metrics are read. */
  follow(memory: () => Promise<MemoryNow>): void;
}

const LOAD_BUCKETS_S = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const LATENCY_BUCKETS_S = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export function inferenceMetrics(registry: Registry): InferenceMetrics {
  const registers = [registry];
  const labelNames = ["model"] as const;
  const counter = <L extends string = "model">(name: string, help: string, more: readonly L[] = []): Counter<"model" | L> =>
    new Counter({ name: `tradewind_inference_${name}_total`, help, labelNames: ["model", ...more], registers });
  const follow = memoryMetrics(registry);
  return {
    predictions: counter("predictions", "Predictions made."),
    abstentions: counter("abstentions", "Closes on which a model did not vote.", ["reason"]),
    latency: new Histogram({
      name: "tradewind_inference_seconds",
      help: "Wall time from a candle's taking to the model's word.",
      labelNames,
      buckets: LATENCY_BUCKETS_S,
      registers,
    }),
    features: counter("features", "Feature matrices by where they came from.", ["from"]),
    restarts: counter("host_lost", "Host processes that ended without being asked."),
    loads: counter("loads", "Host processes that have loaded their model."),
    loadSeconds: new Histogram({
      name: "tradewind_inference_load_seconds",
      help: "Wall time of a load: waiting for memory, start, check, measurement.",
      labelNames,
      buckets: LOAD_BUCKETS_S,
      registers,
    }),
    evictions: counter("evictions", "Hosts asked to leave for others."),
    refusals: counter("refusals", "Loads for which no memory could be had."),
    quarantined: counter("quarantined", "Times a model was left alone after failures."),
    goldenFailures: counter("golden_failures", "Versions that did not give what their golden vectors say."),
    fallBacks: counter("fall_backs", "Loads that did not get the device asked for.", ["asked"]),
    batch: new Histogram({
      name: "tradewind_inference_batch_rows",
      help: "Matrices in one run.",
      labelNames,
      buckets: BATCH_BUCKETS,
      registers,
    }),
    follow,
  };
}

/** Gauges of the memory as it is when the metrics are read. */
function memoryMetrics(registry: Registry): InferenceMetrics["follow"] {
  let read: () => Promise<MemoryNow> = () => Promise.resolve({ limitBytes: 0, usedBytes: 0, hosts: [] });
  let reading: Promise<void> | undefined;
  // Gauges are collected side by side: they share one look.
  const collect = (): Promise<void> => (reading ??= look().finally(() => (reading = undefined)));
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name: `tradewind_inference_${name}`, help, labelNames, registers: [registry], collect });
  const limit = gauge("memory_limit_bytes", "Memory that this instance may grant to model hosts.");
  const used = gauge("memory_used_bytes", "Memory granted to model hosts, their peaks counted.");
  const free = gauge("memory_free_bytes", "Memory that could be granted.");
  const host = gauge("host_memory_bytes", "Memory of a model's host process (proportional set size).", ["model", "device"]);
  const device = gauge("device_info", "1 for the device a model runs on.", ["model", "device"]);
  const alone = gauge("in_quarantine", "1 while a model is left alone after failures.", ["model"]);

  async function look(): Promise<void> {
    const now = await read();
    for (const one of [host, device, alone]) one.reset();
    limit.set(now.limitBytes);
    used.set(now.usedBytes);
    free.set(Math.max(0, now.limitBytes - now.usedBytes));
    for (const { model, device: on, memoryBytes, quarantined } of now.hosts) {
      alone.set({ model }, quarantined ? 1 : 0);
      if (memoryBytes === 0) continue;
      host.set({ model, device: on }, memoryBytes);
      device.set({ model, device: on }, 1);
    }
  }
  return (memory) => void (read = memory);
}

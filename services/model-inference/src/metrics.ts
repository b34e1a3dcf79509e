import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Why a model did not vote, in one word, for counting. */
export type Silence = "not_ready" | "late" | "failed" | "other_timeframe";

/** What is measured of one host process. */
export interface HostStats {
  readonly model: string;
  readonly sha256: string;
  readonly pid: number | null;
  readonly device: string | null;
  /** Proportional set size, bytes; null where the system does not tell. */
  readonly memoryBytes: number | null;
}

export interface InferenceMetrics {
  readonly predictions: Counter<"model">;
  readonly abstentions: Counter<"model" | "reason">;
  /** Wall time from a candle's taking to its word, seconds. */
  readonly latency: Histogram<"model">;
  /** Where feature matrices came from: cache, own. */
  readonly features: Counter<"model" | "from">;
  readonly restarts: Counter<"model">;
  /** Names who knows the hosts: their memory is measured when the metrics are read. */
  follow(stats: () => Promise<readonly HostStats[]>): void;
}

const LATENCY_BUCKETS_S = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export function inferenceMetrics(registry: Registry): InferenceMetrics {
  const registers = [registry];
  const labelNames = ["model"] as const;
  let hosts: () => Promise<readonly HostStats[]> = () => Promise.resolve([]);
  const memory = new Gauge({
    name: "tradewind_inference_host_memory_bytes",
    help: "Memory of a model's host process (proportional set size).",
    labelNames: ["model", "device"],
    registers,
    async collect() {
      memory.reset();
      for (const { model, device, memoryBytes } of await hosts())
        if (memoryBytes !== null) memory.set({ model, device: device ?? "none" }, memoryBytes);
    },
  });
  return {
    predictions: new Counter({ name: "tradewind_inference_predictions_total", help: "Predictions made.", labelNames, registers }),
    abstentions: new Counter({
      name: "tradewind_inference_abstentions_total",
      help: "Closes on which a model did not vote.",
      labelNames: ["model", "reason"],
      registers,
    }),
    latency: new Histogram({
      name: "tradewind_inference_seconds",
      help: "Wall time from a candle's taking to the model's word.",
      labelNames,
      buckets: LATENCY_BUCKETS_S,
      registers,
    }),
    features: new Counter({
      name: "tradewind_inference_features_total",
      help: "Feature matrices by where they came from.",
      labelNames: ["model", "from"],
      registers,
    }),
    restarts: new Counter({
      name: "tradewind_inference_host_lost_total",
      help: "Host processes that ended without being asked.",
      labelNames,
      registers,
    }),
    follow: (stats) => void (hosts = stats),
  };
}

import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export interface TrainerMetrics {
  /** Jobs that ended, by how: done, failed, ended_elsewhere (cancelled, or done by another). */
  readonly jobs: Counter<"family" | "outcome">;
  readonly running: Gauge;
  /** 0..1 of the job in hand. */
  readonly progress: Gauge<"model">;
  readonly loss: Gauge<"model" | "of">;
  readonly seconds: Histogram<"family">;
}

const SECONDS_BUCKETS = [1, 5, 15, 30, 60, 120, 300, 900, 1_800, 3_600, 14_400];

export function trainerMetrics(registry: Registry): TrainerMetrics {
  const registers = [registry];
  return {
    jobs: new Counter({
      name: "tradewind_training_jobs_total",
      help: "Training jobs that ended, by how.",
      labelNames: ["family", "outcome"],
      registers,
    }),
    running: new Gauge({ name: "tradewind_training_running", help: "Training jobs this instance works now.", registers }),
    progress: new Gauge({
      name: "tradewind_training_progress",
      help: "Share of the training in hand that is done.",
      labelNames: ["model"],
      registers,
    }),
    loss: new Gauge({
      name: "tradewind_training_loss",
      help: "Latest mean loss of the training in hand, on training and validation rows.",
      labelNames: ["model", "of"],
      registers,
    }),
    seconds: new Histogram({
      name: "tradewind_training_seconds",
      help: "Wall time of a training job that was done.",
      labelNames: ["family"],
      buckets: SECONDS_BUCKETS,
      registers,
    }),
  };
}

import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

/** What every service counts; a service adds its own to `registry`. Names start with `tradewind_`. */
export interface Metrics {
  readonly registry: Registry;
  /** Messages taken from the bus, by kind. */
  readonly taken: Counter<"kind">;
  /** Messages put on the bus, by kind. */
  readonly published: Counter<"kind">;
  /** Messages dropped, by reason: duplicate, unreadable. */
  readonly dropped: Counter<"reason">;
  /** Wall time between a message's append and its taking, seconds. */
  readonly lag: Histogram<"kind">;
  readonly partitions: Gauge;
  readonly busConnected: Gauge;
}

const LAG_BUCKETS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics of one service instance. `processMetrics` adds those of the process: once per process. */
export function createMetrics(service: string, instance: string, processMetrics: boolean): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service, instance });
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    taken: new Counter({ name: "tradewind_messages_taken_total", help: "Messages taken from the bus.", labelNames: ["kind"], registers }),
    published: new Counter({
      name: "tradewind_messages_published_total",
      help: "Messages put on the bus.",
      labelNames: ["kind"],
      registers,
    }),
    dropped: new Counter({ name: "tradewind_messages_dropped_total", help: "Messages dropped.", labelNames: ["reason"], registers }),
    lag: new Histogram({
      name: "tradewind_message_lag_seconds",
      help: "Wall time from a message's append to its taking.",
      labelNames: ["kind"],
      buckets: LAG_BUCKETS_S,
      registers,
    }),
    partitions: new Gauge({ name: "tradewind_partitions", help: "Partitions this instance works.", registers }),
    busConnected: new Gauge({ name: "tradewind_bus_connected", help: "1 while the bus can be reached.", registers }),
  };
}

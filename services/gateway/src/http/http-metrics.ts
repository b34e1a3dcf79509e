import type { Metrics } from "@tradewind/kit";
import { Counter, Gauge } from "prom-client";

export interface HttpMetrics {
  readonly requests: Counter<"route" | "method" | "status">;
  readonly clients: Gauge<"stream">;
  readonly framesDropped: Counter<"stream">;
}

export function createHttpMetrics({ registry }: Metrics): HttpMetrics {
  const registers = [registry];
  return {
    requests: new Counter({
      name: "tradewind_gateway_requests_total",
      help: "Requests answered, by route and status.",
      labelNames: ["route", "method", "status"],
      registers,
    }),
    clients: new Gauge({ name: "tradewind_gateway_ws_clients", help: "Open WebSocket streams.", labelNames: ["stream"], registers }),
    framesDropped: new Counter({
      name: "tradewind_gateway_ws_frames_dropped_total",
      help: "Frames not sent because the client was too slow.",
      labelNames: ["stream"],
      registers,
    }),
  };
}

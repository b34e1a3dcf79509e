import { Counter, Gauge, Histogram } from "prom-client";
import type { TradingState } from "@tradewind/core";
import type { ServiceContext } from "@tradewind/kit";

/** What execution counts, beside what every service does. */
export interface ExecutionMetrics {
  readonly orders: Counter<"variant" | "leg">;
  readonly fills: Counter<"variant" | "leg">;
  readonly denials: Counter<"variant" | "code">;
  readonly expired: Counter<"variant">;
  readonly equity: Gauge<"variant">;
  readonly drawdown: Gauge<"variant">;
  readonly tradingState: Gauge<"variant">;
  readonly openPositions: Gauge<"variant">;
  readonly openOrders: Gauge<"variant">;
  readonly appendSeconds: Histogram;
}

export const stateNumber: Readonly<Record<TradingState, number>> = { ACTIVE: 0, REDUCING: 1, HALTED: 2 };

const APPEND_BUCKETS_S = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1, 5];

export function createExecutionMetrics({ metrics }: ServiceContext): ExecutionMetrics {
  const registers = [metrics.registry];
  const variant = ["variant"] as const;
  return {
    orders: new Counter({ name: "tradewind_orders_total", help: "Orders intended.", labelNames: ["variant", "leg"], registers }),
    fills: new Counter({ name: "tradewind_fills_total", help: "Fills booked.", labelNames: ["variant", "leg"], registers }),
    denials: new Counter({ name: "tradewind_denials_total", help: "Entries denied, by code.", labelNames: ["variant", "code"], registers }),
    expired: new Counter({
      name: "tradewind_decisions_expired_total",
      help: "Decisions that came too late to be traded.",
      labelNames: variant,
      registers,
    }),
    equity: new Gauge({ name: "tradewind_equity", help: "Equity in the account currency.", labelNames: variant, registers }),
    drawdown: new Gauge({
      name: "tradewind_drawdown_ratio",
      help: "Fall from the highest equity, as a share of it.",
      labelNames: variant,
      registers,
    }),
    tradingState: new Gauge({
      name: "tradewind_trading_state",
      help: "0 ACTIVE, 1 REDUCING, 2 HALTED.",
      labelNames: variant,
      registers,
    }),
    openPositions: new Gauge({ name: "tradewind_open_positions", help: "Positions held.", labelNames: variant, registers }),
    openOrders: new Gauge({ name: "tradewind_open_orders", help: "Orders that may still fill.", labelNames: variant, registers }),
    appendSeconds: new Histogram({
      name: "tradewind_ledger_append_seconds",
      help: "Wall time until a ledger entry is durable.",
      buckets: APPEND_BUCKETS_S,
      registers,
    }),
  };
}

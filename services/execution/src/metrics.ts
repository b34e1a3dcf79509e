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
  /** Another instance works the variant from now on, or none: its figures here would be old ones. */
  forget(variant: string): void;
}

export const stateNumber: Readonly<Record<TradingState, number>> = { ACTIVE: 0, REDUCING: 1, HALTED: 2 };

const APPEND_BUCKETS_S = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1, 5];

export function createExecutionMetrics({ metrics }: ServiceContext): ExecutionMetrics {
  const registers = [metrics.registry];
  const variant = ["variant"] as const;
  const gauge = (name: string, help: string): Gauge<"variant"> => new Gauge({ name, help, labelNames: variant, registers });
  const gauges = {
    equity: gauge("tradewind_equity", "Equity in the account currency."),
    drawdown: gauge("tradewind_drawdown_ratio", "Fall from the highest equity, as a share of it."),
    tradingState: gauge("tradewind_trading_state", "0 ACTIVE, 1 REDUCING, 2 HALTED."),
    openPositions: gauge("tradewind_open_positions", "Positions held."),
    openOrders: gauge("tradewind_open_orders", "Orders that may still fill."),
  };
  return {
    ...gauges,
    forget: (id) => Object.values(gauges).forEach((one) => one.remove({ variant: id })),
    orders: new Counter({ name: "tradewind_orders_total", help: "Orders intended.", labelNames: ["variant", "leg"], registers }),
    fills: new Counter({ name: "tradewind_fills_total", help: "Fills booked.", labelNames: ["variant", "leg"], registers }),
    denials: new Counter({ name: "tradewind_denials_total", help: "Entries denied, by code.", labelNames: ["variant", "code"], registers }),
    expired: new Counter({
      name: "tradewind_decisions_expired_total",
      help: "Decisions that came too late to be traded.",
      labelNames: variant,
      registers,
    }),
    appendSeconds: new Histogram({
      name: "tradewind_ledger_append_seconds",
      help: "Wall time until a ledger entry is durable.",
      buckets: APPEND_BUCKETS_S,
      registers,
    }),
  };
}

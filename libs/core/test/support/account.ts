import type { Decision } from "../../src/domain/decision.ts";
import type { Money, Price } from "../../src/domain/fixed.ts";
import type { VariantPlan } from "../../src/domain/plan.ts";
import type { LedgerEvent } from "../../src/ledger/entry.ts";
import type { OrderSpec } from "../../src/domain/order.ts";
import { createTradeMachine, openAccount, type TradeMachine } from "../../src/trade/trade.ts";
import type { TradeEvent } from "../../src/trade/event.ts";
import { d, decision, flat, T0 } from "./builders.ts";

/** An account machine without a venue: decisions in, what it intends or denies out. */
export interface Account {
  readonly machine: TradeMachine;
  /** Any event; the ledger events it made. */
  step(event: TradeEvent): readonly LedgerEvent[];
  /** Marks an instrument at `price` on the close of bar `i`. */
  mark(i: number, price: number, instrument?: string): void;
  /** Takes a decision on bar `i`: the order it led to, or the denial's code, or undefined for neither. */
  decide(i: number, action: Decision["action"], close: number, over?: Partial<Decision>): OrderSpec | string | undefined;
  /** Tells that the venue filled `order` at `price`, without a fee, and that it is over. */
  fill(order: OrderSpec, price: string, quantity?: string): void;
}

/** The variants share the account; decisions are the first one's unless they say so. */
export function account(...plans: readonly [VariantPlan, ...VariantPlan[]]): Account {
  const [plan] = plans;
  const machine = createTradeMachine(plans);
  openAccount(machine, plans, "00000001", T0);
  const step = (event: TradeEvent) => machine.step(event).entry?.events ?? [];
  return {
    machine,
    step,
    mark(i, price, instrument = plan.instruments[0]!.id) {
      const candle = flat(i, price, { instrument });
      step({ type: "candle", candle });
      step({ type: "close", time: candle.closeTime });
    },
    decide(i, action, close, over = {}) {
      const made = decision(i, action, close, { variant: plan.id, instrument: plan.instruments[0]!.id, ...over });
      for (const event of step({ type: "decision", decision: made, time: made.closeTime })) {
        if (event.type === "order_intended") return event.order;
        if (event.type === "denied") return event.code;
        if (event.type === "decision_expired") return "expired";
      }
      return undefined;
    },
    fill(order, price, quantity) {
      const filled = quantity === undefined ? order.quantity : d<OrderSpec["quantity"]>(quantity);
      const { clientId, side } = order;
      const feeCurrency = plan.account.currency;
      const execution = {
        tradeId: `t${clientId}`,
        side,
        quantity: filled,
        price: d<Price>(price),
        fee: d<Money>("0"),
        feeCurrency,
        liquidity: "taker" as const,
      };
      step({ type: "report", report: { type: "fill", time: T0, clientId, venueId: "v1", execution } });
      step({ type: "report", report: { type: "closed", time: T0, clientId, outcome: "filled", filled, reason: "" } });
    },
  };
}

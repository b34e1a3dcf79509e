import type { Price, Qty } from "../src/domain/fixed.ts";
import type { Execution, Leg, OrderSpec, Side } from "../src/domain/order.ts";
import type { VariantPlan } from "../src/domain/plan.ts";
import type { LedgerEntry, LedgerEvent } from "../src/ledger/entry.ts";
import type { Intent } from "../src/orders/intent.ts";
import type { Order } from "../src/orders/order.ts";
import type { VenueOrder, VenueReport } from "../src/orders/report.ts";
import type { Slot } from "../src/trade/account.ts";
import type { TradeEvent } from "../src/trade/event.ts";
import { createTradeMachine, foldLedger, openAccount, type TradeMachine } from "../src/trade/trade.ts";
import { d, decision, flat, instrument, MINUTE, plan, T0 } from "./support/builders.ts";

/** Linear contracts, ten to an entry, a stop at 95 and a target at 110 of a decision at 100. */
export const perp = instrument("linear", { step: d("1"), minQty: d("1") });
export const bracket = plan([perp], { sizing: { method: "quantity", quantity: 10 }, exits: { stopLossPct: 5, takeProfitPct: 10 } });
export const stopOnly = plan([perp], { sizing: { method: "quantity", quantity: 10 }, exits: { stopLossPct: 5 } });
export const bare = plan([perp], { sizing: { method: "quantity", quantity: 10 } });

/** What a venue would say, without its time. */
type Said = VenueReport extends infer R ? (R extends VenueReport ? Omit<R, "time"> : never) : never;

/** An account with a hand for a venue. Time stands still unless moved. */
export interface OrderDesk {
  readonly machine: TradeMachine;
  readonly ledger: LedgerEntry[];
  readonly slot: Slot;
  now: number;
  step(event: TradeEvent): { events: readonly LedgerEvent[]; intents: readonly Intent[] };
  say(said: Said): { events: readonly LedgerEvent[]; intents: readonly Intent[] };
  /** Decides at the present; the entry it placed, if any. */
  decide(action: "BUY" | "SELL"): OrderSpec | undefined;
  /** An entry that the venue acknowledged. */
  entered(): OrderSpec;
  /** A position of ten with its protective orders resting. */
  holding(): OrderSpec;
  fill(order: OrderSpec, quantity: number, price: string, tradeId: string): { events: readonly LedgerEvent[]; intents: readonly Intent[] };
  open(order: OrderSpec): { events: readonly LedgerEvent[]; intents: readonly Intent[] };
  /** The live order of a leg. */
  live(leg: Leg): Order | undefined;
  /** Kills the owner; a new one folds the ledger and starts. */
  restart(): OrderDesk;
}

export function orderDesk(of: VariantPlan, ledger: LedgerEntry[] = [], now = T0): OrderDesk {
  const machine = createTradeMachine([of]);
  if (ledger.length === 0) ledger.push(openAccount(machine, [of], "00000001", now));
  else foldLedger(machine, ledger);
  const slot = machine.state.slotsByInstrument.get(of.instruments[0]!.id)![0]!;
  let closes = 0;
  const desk: OrderDesk = {
    machine,
    ledger,
    slot,
    now,
    step(event) {
      const { entry, intents } = machine.step(event);
      if (entry) ledger.push(entry);
      return { events: entry?.events ?? [], intents };
    },
    say: (said) => desk.step({ type: "report", report: { ...said, time: desk.now } as VenueReport }),
    decide(action) {
      closes = Math.max(closes + 1, Math.ceil((desk.now - T0) / MINUTE));
      desk.now = T0 + closes * MINUTE;
      desk.step({ type: "candle", candle: flat(closes - 1, 100, { instrument: perp.id }) });
      desk.step({ type: "close", time: desk.now });
      const { intents } = desk.step({
        type: "decision",
        decision: decision(closes - 1, action, 100, { instrument: perp.id }),
        time: desk.now,
      });
      return placed(intents).find((order) => order.leg === "entry");
    },
    entered() {
      const entry = desk.decide("BUY")!;
      desk.open(entry);
      return entry;
    },
    holding() {
      const entry = desk.entered();
      for (const exit of placed(desk.fill(entry, 10, "100", "t1").intents)) desk.open(exit);
      return entry;
    },
    fill: (order, quantity, price, tradeId) =>
      desk.say({ type: "fill", clientId: order.clientId, venueId: "v", execution: execution(order.side, quantity, price, tradeId) }),
    open: (order) => desk.say({ type: "open", clientId: order.clientId, venueId: `v-${order.leg}` }),
    live: (leg) => slot.live.find((order) => order.spec.leg === leg),
    restart() {
      const next = orderDesk(of, ledger, desk.now);
      next.step({ type: "start", time: desk.now, ownerEpoch: machine.state.ownerEpoch + 1 });
      return next;
    },
  };
  return desk;
}

export function execution(side: Side, quantity: number, price: string, tradeId: string): Execution {
  return { tradeId, side, quantity: d<Qty>(String(quantity)), price: d<Price>(price), fee: d("0"), feeCurrency: "USD", liquidity: "taker" };
}

/** An order as the venue's books have it. */
export function record(order: OrderSpec, over: Partial<VenueOrder> = {}): VenueOrder {
  return {
    clientId: order.clientId,
    venueId: `v-${order.leg}`,
    instrument: order.instrument,
    open: true,
    outcome: undefined,
    filled: d<Qty>("0"),
    quantity: order.quantity,
    stopPrice: order.stopPrice,
    executions: [],
    ...over,
  };
}

/** A whole snapshot: these orders, and this position. */
export function books(orders: readonly VenueOrder[], position: number): Said {
  return { type: "snapshot", orders, positions: [{ instrument: perp.id, qty: d<Qty>(String(position)) }] };
}

export const placed = (intents: readonly Intent[]): OrderSpec[] =>
  intents.flatMap((intent) => (intent.type === "place" ? [intent.order] : []));

/** Intents but timers, in short: "cancel stop", "amend stop 5 @ 95". */
export function asked(desk: OrderDesk, intents: readonly Intent[]): string[] {
  const legOf = (clientId: string) => desk.machine.state.orders.get(clientId)?.spec.leg ?? "?";
  return intents.flatMap((intent) => {
    if (intent.type === "place") return [`place ${intent.order.leg} ${intent.order.side} ${Number(intent.order.quantity) / 1e12}`];
    if (intent.type === "amend") return [`amend ${legOf(intent.clientId)} ${Number(intent.quantity) / 1e12}`];
    if (intent.type === "timer") return [];
    return [intent.type === "snapshot" ? "snapshot" : `${intent.type} ${legOf(intent.clientId)}`];
  });
}

export const types = (events: readonly LedgerEvent[]): string[] =>
  events.map((event) => (event.type === "order_closed" ? `closed ${event.outcome}` : event.type));

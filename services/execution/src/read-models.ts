import {
  findSlot,
  formatExact,
  formatFixed,
  isFlat,
  type AccountState,
  type FillEvent,
  type LedgerEntry,
  type LedgerEvent,
} from "@tradewind/core";
import type { Outbox } from "@tradewind/kit";
import { stateNumber, type ExecutionMetrics } from "./metrics.ts";
import { drawdownOf, equityOf, orderOf, positionOf, tradingStateOf } from "./view.ts";

/** Equity is told at most this often per variant, wall ms; always after a fill. */
const EQUITY_EVERY_MS = 500;

/** Tells pages and metrics what has become durable. Nobody depends on it: what is lost comes with the next change. */
export interface ReadModels {
  /** An entry is durable; the account is as of after it, or a few entries later. */
  entry(entry: LedgerEntry): void;
  /** A close has been worked. */
  close(time: number): void;
}

export function createReadModels(account: string, state: AccountState, outbox: Outbox, metrics: ExecutionMetrics): ReadModels {
  const toldAt = new Map<string, number>();

  function tellEquity(variantId: string, time: number, atOnce: boolean): void {
    const variant = state.variants.get(variantId);
    const wall = Date.now();
    if (variant === undefined || (!atOnce && wall - (toldAt.get(variantId) ?? 0) < EQUITY_EVERY_MS)) return;
    toldAt.set(variantId, wall);
    const data = equityOf(state, account, variant, time);
    metrics.equity.set({ variant: variantId }, data.equity);
    metrics.drawdown.set({ variant: variantId }, drawdownOf(variant));
    metrics.tradingState.set({ variant: variantId }, stateNumber[tradingStateOf(state, variantId)]);
    metrics.openPositions.set({ variant: variantId }, variant.slots.filter((slot) => !isFlat(slot)).length);
    metrics.openOrders.set({ variant: variantId }, data.openOrders);
    outbox.tell("equity", { variant: variantId }, { id: `q/${account}/${variantId}/${time}/${state.n}`, time, data });
  }

  function tellFill(entry: LedgerEntry, index: number, fill: FillEvent): void {
    const { variant, instrument } = fill;
    metrics.fills.inc({ variant, leg: fill.leg });
    const data = {
      account,
      variant,
      instrument,
      time: entry.time,
      clientId: fill.clientId,
      tradeId: fill.tradeId,
      side: fill.side,
      leg: fill.leg,
      quantity: formatFixed(fill.quantity),
      price: formatFixed(fill.price),
      fee: formatFixed(fill.fee),
      feeCurrency: fill.feeCurrency,
      realized: formatExact(fill.realized),
    };
    const head = { id: `f/${account}/${entry.n}/${index}`, time: entry.time };
    outbox.tell("fill", { variant, instrument }, { ...head, data });
    const slot = findSlot(state, variant, instrument);
    if (slot !== undefined) outbox.tell("position", { variant, instrument }, { ...head, data: positionOf(slot) });
  }

  return {
    entry(entry) {
      const changed = new Set<string>();
      const filled = new Set<string>();
      entry.events.forEach((event, index) => {
        count(metrics, event);
        const clientId = clientIdOf(event);
        if (clientId !== undefined) changed.add(clientId);
        if (event.type === "fill") {
          tellFill(entry, index, event);
          filled.add(event.variant);
        }
        if (event.type === "state" || event.type === "genesis") for (const id of state.variants.keys()) filled.add(id);
      });
      for (const clientId of changed) {
        const order = state.orders.get(clientId);
        if (order === undefined) continue;
        const { variant, instrument } = order.spec;
        const data = orderOf(account, order, entry.time);
        outbox.tell("order", { variant, instrument }, { id: `o/${account}/${entry.n}/${clientId}`, time: entry.time, data });
      }
      for (const variant of filled) tellEquity(variant, entry.time, true);
    },
    close(time) {
      for (const variant of state.variants.keys()) tellEquity(variant, time, false);
    },
  };
}

function count(metrics: ExecutionMetrics, event: LedgerEvent): void {
  if (event.type === "order_intended") metrics.orders.inc({ variant: event.order.variant, leg: event.order.leg });
  else if (event.type === "denied") metrics.denials.inc({ variant: event.variant, code: event.code });
  else if (event.type === "decision_expired") metrics.expired.inc({ variant: event.variant });
}

function clientIdOf(event: LedgerEvent): string | undefined {
  if (event.type === "order_intended") return event.order.clientId;
  return "clientId" in event && event.clientId !== "" ? event.clientId : undefined;
}

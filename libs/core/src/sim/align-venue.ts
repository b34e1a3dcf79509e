import { toMoney, toNumber, type Exact, type Money, type Qty } from "../domain/fixed.ts";
import type { Execution } from "../domain/order.ts";
import type { FillEvent, LedgerEntry } from "../ledger/entry.ts";
import { tradeValue } from "../ledger/position.ts";
import type { Order } from "../orders/order.ts";
import type { AccountState } from "../trade/account.ts";
import type { VenueBook, VenueSideOrder } from "./book.ts";

/**
 * Brings the book of a simulated venue that died with its process in line with the account folded from the ledger:
 * what the ledger says has happened at the venue has happened there. `tail` holds the entries that `book` has not
 * seen. Orders whose placing was never answered are not at the venue. What a candle's volume had left is forgotten.
 */
export function alignVenue(book: VenueBook, account: AccountState, tail: readonly LedgerEntry[], latencyMs: number): void {
  const fills = fillsByOrder(tail);
  book.nextId = Math.max(book.nextId, newestId(tail) + 1);
  book.cash = new Map(account.balances);
  for (const [id, market] of book.instruments) {
    const slots = account.slotsByInstrument.get(id) ?? [];
    const sum = (of: (slot: (typeof slots)[number]) => bigint): bigint => slots.reduce((total, slot) => total + of(slot), 0n);
    market.position = { qty: sum(({ position }) => position.qty) as Qty, cost: sum(({ position }) => position.cost) as Exact };
    market.liquidationAt = Number.NaN;
    if (market.lastPrice === 0) market.lastPrice = slots[0]?.lastClose ?? 0;
    market.live = [];
  }
  for (const order of account.orders.values()) alignOrder(book, order, fills.get(order.spec.clientId) ?? [], latencyMs);
}

function alignOrder(book: VenueBook, order: Order, fills: readonly FillEvent[], latencyMs: number): void {
  const { spec } = order;
  const market = book.instruments.get(spec.instrument);
  if (market === undefined) return;
  if (order.status === "intended") return;
  const known = book.orders.get(spec.clientId);
  if (order.status === "closed") {
    if (known === undefined || known.outcome !== undefined) return;
    known.outcome = order.outcome === "not_placed" || order.outcome === "denied" ? "cancelled" : (order.outcome ?? "cancelled");
    known.executions.push(...fills.map(executionOf));
    known.filled = order.filled;
    return void book.closed.push(spec.clientId);
  }
  const trigger = spec.limitPrice ?? order.stopPrice;
  const own: VenueSideOrder = {
    spec,
    venueId: order.venueIds[0] ?? `v${book.nextId++}`,
    arrivesAt: known?.arrivesAt ?? order.intendedAt + latencyMs,
    quantity: order.quantity,
    stopPrice: order.stopPrice,
    trigger: trigger === undefined ? 0 : toNumber(trigger),
    triggered: known?.triggered === true || (spec.type === "stop" && order.filled > 0n),
    filled: order.filled,
    budgetLeft: ((known?.budgetLeft ?? spec.budget ?? 0n) - (spec.budget === undefined ? 0n : spent(market.instrument, fills))) as Money,
    outcome: undefined,
    executions: [...(known?.executions ?? []), ...fills.map(executionOf)],
  };
  book.orders.set(spec.clientId, own);
  market.live = [...market.live, own];
}

/** What these fills took of an order's budget. */
function spent(instrument: Parameters<typeof tradeValue>[0], fills: readonly FillEvent[]): bigint {
  let sum = 0n;
  for (const { quantity, price, fee, feeCurrency } of fills)
    sum += toMoney(tradeValue(instrument, quantity, price), "up") + (feeCurrency === instrument.settle ? fee : 0n);
  return sum;
}

function executionOf({ tradeId, side, quantity, price, fee, feeCurrency, liquidity }: FillEvent): Execution {
  return { tradeId, side, quantity, price, fee, feeCurrency, liquidity };
}

function fillsByOrder(tail: readonly LedgerEntry[]): Map<string, FillEvent[]> {
  const fills = new Map<string, FillEvent[]>();
  for (const { events } of tail)
    for (const event of events) if (event.type === "fill") fills.set(event.clientId, [...(fills.get(event.clientId) ?? []), event]);
  return fills;
}

/** The venue's names are a letter and a number that counts up; none is given twice. */
function newestId(tail: readonly LedgerEntry[]): number {
  let newest = 0;
  for (const { events } of tail)
    for (const event of events) {
      const name = event.type === "order_open" ? event.venueId : event.type === "fill" ? event.tradeId : "ref" in event ? event.ref : "";
      const id = Number(/^[vtf](\d+)$/.exec(name)?.[1] ?? 0);
      if (id > newest) newest = id;
    }
  return newest;
}

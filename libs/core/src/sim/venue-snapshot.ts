import { assert } from "../assert.ts";
import type { InstrumentBook, VenueBook, VenueSideOrder } from "./book.ts";

/** Plain data of a venue's book; orders are written once and referred to by client id. */
export function snapshotVenue(book: VenueBook): unknown {
  return {
    cash: [...book.cash],
    orders: [...book.orders.values()].map((order) => ({ ...order, executions: [...order.executions] })),
    closed: [...book.closed],
    nextId: book.nextId,
    instruments: [...book.instruments].map(([id, market]) => ({
      ...market,
      id,
      instrument: undefined,
      position: { ...market.position },
      live: market.live.map((order) => order.spec.clientId),
    })),
  };
}

/** Puts a book back as `snapshotVenue` found it. */
export function restoreVenue(book: VenueBook, saved: unknown): void {
  const state = saved as {
    cash: [string, never][];
    orders: VenueSideOrder[];
    closed: string[];
    nextId: number;
    instruments: (Omit<InstrumentBook, "live"> & { id: string; live: string[] })[];
  };
  book.cash = new Map(state.cash);
  book.orders.clear();
  for (const order of state.orders) book.orders.set(order.spec.clientId, { ...order, executions: [...order.executions] });
  book.closed = [...state.closed];
  book.nextId = state.nextId;
  for (const { id, live, position, liquidationAt, lastPrice, candleTime, volumeTaken } of state.instruments) {
    const market = book.instruments.get(id);
    if (market === undefined && position.qty === 0n && live.length === 0) continue;
    assert(market !== undefined, `snapshot of a venue holds ${id}, which is not configured`);
    Object.assign(market, {
      position: { ...position },
      liquidationAt,
      lastPrice,
      candleTime,
      volumeTaken,
      live: live.map((clientId) => book.orders.get(clientId)!),
    });
  }
}

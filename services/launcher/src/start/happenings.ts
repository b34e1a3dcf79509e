import type { Bus, Subscription } from "@tradewind/bus";
import {
  decodeMessage,
  patternOf,
  type EquityUpdate,
  type FillUpdate,
  type Kind,
  type OrderUpdate,
  type PayloadOf,
} from "@tradewind/contracts";

/** What one variant has done since the start of this process, and what it has now. */
export interface Tally {
  orders: number;
  fills: number;
  /** The newest it said. */
  equity: EquityUpdate | undefined;
  /** The first it said: what it began this session with. */
  first: EquityUpdate | undefined;
}

/** A line's worth of news. */
export type Happening =
  | { readonly type: "order"; readonly order: OrderUpdate }
  | { readonly type: "fill"; readonly fill: FillUpdate; readonly reason: string };

export interface Happenings {
  readonly tallies: ReadonlyMap<string, Tally>;
  stop(): void;
}

/** Reasons of orders are kept for their fills; more than that many are open at once in no account. */
const REASONS_KEPT = 5_000;
/** Legs that protect a position; they are placed and moved all the time. */
const QUIET_LEGS = new Set(["stop", "target"]);

/** Follows the orders, fills and equity that the execution service tells of. */
export function followHappenings(bus: Bus, tell: (happening: Happening) => void): Happenings {
  const tallies = new Map<string, Tally>();
  const reasons = new Map<string, string>();
  const told = new Map<string, string>();
  const tallyOf = (variant: string): Tally => {
    let tally = tallies.get(variant);
    if (tally === undefined) tallies.set(variant, (tally = { orders: 0, fills: 0, equity: undefined, first: undefined }));
    return tally;
  };

  function take<K extends Kind>(kind: K, use: (data: PayloadOf<K>) => void): Subscription {
    return bus.subscribe(patternOf(kind), ({ data }) => {
      const decoded = decodeMessage(kind, data);
      if (decoded.ok) use(decoded.envelope.data);
    });
  }

  const subscriptions = [
    take("order", (order) => {
      if (!reasons.has(order.clientId) && !QUIET_LEGS.has(order.leg)) tallyOf(order.variant).orders++;
      remember(reasons, order.clientId, order.reason);
      // On its way and at the venue is one piece of news.
      const status = order.status === "intended" ? "open" : order.status;
      if (QUIET_LEGS.has(order.leg) || status === "filled" || told.get(order.clientId) === status) return;
      remember(told, order.clientId, status);
      tell({ type: "order", order });
    }),
    take("fill", (fill) => {
      tallyOf(fill.variant).fills++;
      tell({ type: "fill", fill, reason: reasons.get(fill.clientId) ?? fill.leg });
    }),
    take("equity", (equity) => {
      const tally = tallyOf(equity.variant);
      tally.first ??= equity;
      tally.equity = equity;
    }),
  ];
  return { tallies, stop: () => subscriptions.forEach((subscription) => subscription.stop()) };
}

function remember(map: Map<string, string>, key: string, value: string): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > REASONS_KEPT) map.delete(map.keys().next().value!);
}

import { assert } from "../assert.ts";
import type { Order } from "../orders/order.ts";
import { findSlot, type AccountState, type Slot, type VariantState } from "./account.ts";

type SlotData = Omit<Slot, "plan" | "instrument" | "multiplier" | "live"> & { variant: string; instrument: string; live: string[] };
type VariantData = Omit<VariantState, "plan" | "slots"> & { id: string };

interface Saved {
  scalars: Pick<AccountState, "id" | "epoch" | "currency" | "n" | "ownerEpoch" | "watermark" | "checkAt" | "differs">;
  variants: VariantData[];
  slots: SlotData[];
  orders: Order[];
  balances: [string, never][];
  flowRefs: string[];
  closedOrders: string[];
  scopes: [string, { state: never; reason: string }][];
  locks: AccountState["locks"];
  closedTrades: AccountState["closedTrades"];
}

/** Plain data of an account at its sequence `n`; plans are not part of it. */
export function snapshotAccount(state: AccountState): unknown {
  const variants = [...state.variants.values()];
  const saved: Saved = {
    scalars: {
      id: state.id,
      epoch: state.epoch,
      currency: state.currency,
      n: state.n,
      ownerEpoch: state.ownerEpoch,
      watermark: state.watermark,
      checkAt: state.checkAt,
      differs: state.differs,
    },
    variants: variants.map(({ plan, slots: _, ...rest }) => ({ ...rest, id: plan.id })),
    slots: variants.flatMap((variant) =>
      variant.slots.map(({ plan, instrument, multiplier: _, live, position, attempts, ...rest }) => ({
        ...rest,
        variant: plan.id,
        instrument: instrument.id,
        position: { ...position },
        attempts: { ...attempts },
        live: live.map((order) => order.spec.clientId),
      })),
    ),
    orders: [...state.orders.values()].map(copyOrder),
    balances: [...state.balances] as [string, never][],
    flowRefs: [...state.flowRefs],
    closedOrders: [...state.closedOrders],
    scopes: [...state.scopes] as Saved["scopes"],
    locks: [...state.locks],
    closedTrades: [...state.closedTrades],
  };
  return saved;
}

function copyOrder(order: Order): Order {
  return { ...order, venueIds: [...order.venueIds], tradeIds: [...order.tradeIds] };
}

/** Puts an account over the same plans back as `snapshotAccount` found it. */
export function restoreAccount(state: AccountState, data: unknown): void {
  const saved = data as Saved;
  Object.assign(state, saved.scalars);
  state.orders.clear();
  for (const order of saved.orders) state.orders.set(order.spec.clientId, copyOrder(order));
  for (const { id, ...rest } of saved.variants) {
    const variant = state.variants.get(id);
    assert(variant !== undefined, `snapshot holds variant ${id}, which is not configured`);
    Object.assign(variant, rest);
  }
  for (const { variant, instrument, live, ...rest } of saved.slots) {
    const slot = findSlot(state, variant, instrument);
    // An instrument may leave the configuration while nothing of it is held.
    if (slot === undefined && rest.position.qty === 0n && live.length === 0) continue;
    assert(slot !== undefined, `snapshot holds ${variant} ${instrument}, which is not configured`);
    Object.assign(slot, rest, {
      position: { ...rest.position },
      attempts: { ...rest.attempts },
      live: live.map((id) => state.orders.get(id)!),
    });
  }
  state.balances.clear();
  for (const [unit, amount] of saved.balances) state.balances.set(unit, amount);
  state.flowRefs.splice(0, state.flowRefs.length, ...saved.flowRefs);
  state.closedOrders.splice(0, state.closedOrders.length, ...saved.closedOrders);
  state.scopes.clear();
  for (const [scope, value] of saved.scopes) state.scopes.set(scope, value);
  state.locks = [...saved.locks];
  state.closedTrades = [...saved.closedTrades];
}

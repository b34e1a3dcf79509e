import type { EquityUpdate, OrderUpdate } from "@tradewind/contracts";
import {
  formatFixed,
  isFlat,
  slotNotional,
  variantEquity,
  type AccountState,
  type Order,
  type Slot,
  type TradingState,
  type VariantState,
} from "@tradewind/core";

/** An account as people and pages see it. */
export interface AccountView {
  readonly account: string;
  readonly currency: string;
  readonly entries: number;
  readonly ownerEpoch: number;
  readonly variants: readonly EquityUpdate[];
  readonly orders: readonly OrderUpdate[];
  /** By scope: "account", "portfolio", "variant:<id>"; ACTIVE where one is missing. */
  readonly states: readonly { readonly scope: string; readonly state: TradingState; readonly reason: string }[];
}

const strictness: readonly TradingState[] = ["ACTIVE", "REDUCING", "HALTED"];

/** The stricter of the states that hold for a variant. */
export function tradingStateOf(state: AccountState, variant: string): TradingState {
  let worst = 0;
  for (const scope of ["portfolio", "account", `variant:${variant}`])
    worst = Math.max(worst, strictness.indexOf(state.scopes.get(scope)?.state ?? "ACTIVE"));
  return strictness[worst]!;
}

export function drawdownOf(variant: VariantState): number {
  const equity = variantEquity(variant);
  return variant.peak > 0 ? Math.max(0, 1 - equity / variant.peak) : 0;
}

/** Equity of one variant now, at event time `time`. */
export function equityOf(state: AccountState, account: string, variant: VariantState, time: number): EquityUpdate {
  return {
    variant: variant.plan.id,
    account,
    time,
    currency: state.currency,
    equity: variantEquity(variant),
    cash: variant.cashNumber,
    exposure: variant.slots.reduce((sum, slot) => sum + slotNotional(slot), 0),
    drawdown: drawdownOf(variant),
    state: tradingStateOf(state, variant.plan.id),
    positions: variant.slots.filter((slot) => !isFlat(slot)).map(positionOf),
    openOrders: variant.slots.reduce((sum, slot) => sum + slot.live.length, 0),
  };
}

export function positionOf(slot: Slot): EquityUpdate["positions"][number] {
  const { qty, cost, multiplier, instrument, lastClose } = slot;
  const size = qty * multiplier;
  const entryPrice = qty === 0 ? 0 : instrument.kind === "inverse" ? (cost === 0 ? 0 : size / cost) : cost / size;
  const profit = instrument.kind === "spot" ? slot.markValue - cost : slot.markValue;
  return {
    instrument: instrument.id,
    quantity: formatFixed(slot.position.qty),
    entryPrice,
    mark: lastClose,
    profit: lastClose === 0 ? 0 : profit,
  };
}

/** The read model of an order. */
export function orderOf(account: string, order: Order, time: number): OrderUpdate {
  const { spec } = order;
  const doubt = order.certainty === "unknown" ? ", unknown" : "";
  const outcome = order.status === "closed" ? (order.outcome ?? "closed") : order.request === "none" ? order.status : order.request;
  return {
    account,
    variant: spec.variant,
    instrument: spec.instrument,
    time,
    clientId: spec.clientId,
    status: `${outcome}${doubt}`,
    side: spec.side,
    leg: spec.leg,
    quantity: formatFixed(order.quantity),
    filled: formatFixed(order.filled),
    reason: spec.reason,
  };
}

/** The whole account at event time `time`. */
export function viewAccount(state: AccountState, account: string, time: number): AccountView {
  const variants = [...state.variants.values()];
  return {
    account,
    currency: state.currency,
    entries: state.n,
    ownerEpoch: state.ownerEpoch,
    variants: variants.map((variant) => equityOf(state, account, variant, time)),
    orders: variants.flatMap(({ slots }) => slots.flatMap(({ live }) => live.map((order) => orderOf(account, order, time)))),
    states: [...state.scopes].map(([scope, { state: own, reason }]) => ({ scope, state: own, reason })),
  };
}

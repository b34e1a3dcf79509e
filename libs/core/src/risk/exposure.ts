import { toNumber } from "../domain/fixed.ts";
import { notional } from "../ledger/position.ts";
import { isLive, remaining, type Order } from "../orders/order.ts";
import { isFlat, slotNotional, type AccountState, type Slot, type VariantState } from "../trade/account.ts";

/** Worst case of what an entry order may still add, at the slot's last close; an unknown order counts in full. */
function entryExposure(slot: Slot, order: Order): number {
  if (order.spec.leg !== "entry" || !isLive(order)) return 0;
  if (order.spec.budget !== undefined) return toNumber(order.spec.budget);
  const price = order.spec.limitPrice === undefined ? slot.lastClose : toNumber(order.spec.limitPrice);
  return notional(slot.instrument, toNumber(remaining(order)), slot.multiplier, price);
}

/** Notional of a slot's entries that have not filled yet: cash or margin they will need. */
export function pendingExposure(slot: Slot): number {
  let exposure = 0;
  for (const order of slot.live) exposure += entryExposure(slot, order);
  return exposure;
}

/** Unsigned notional a slot holds or may yet hold, settle currency. */
export function slotExposure(slot: Slot): number {
  return slotNotional(slot) + pendingExposure(slot);
}

/** Gross exposure of one variant. */
export function variantExposure(variant: VariantState): number {
  let exposure = 0;
  for (const slot of variant.slots) exposure += slotExposure(slot);
  return exposure;
}

/** Positions held or on their way. */
export function concurrentPositions(variant: VariantState): number {
  let count = 0;
  for (const slot of variant.slots) if (!isFlat(slot) || slot.live.some((order) => order.spec.leg === "entry")) count += 1;
  return count;
}

/** True while any order on the instrument is in doubt, whichever variant sent it. */
export function hasUnknownOrder(state: AccountState, instrument: string): boolean {
  const slots = state.slotsByInstrument.get(instrument) ?? [];
  return slots.some((slot) => slot.live.some((order) => order.certainty === "unknown"));
}

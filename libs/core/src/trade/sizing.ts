import { fromComputed, ONE, snap, toNumber, type Money, type Price, type Qty } from "../domain/fixed.ts";
import { marginRate } from "../ledger/margin.ts";
import { notional } from "../ledger/position.ts";
import { pendingExposure, slotExposure, variantExposure } from "../risk/exposure.ts";
import type { EntryRequest } from "../risk/rule.ts";
import { variantEquity, type VariantState } from "./account.ts";

/** How much an entry buys or sells: a quantity in whole steps, or a budget that the venue sizes when it fills. */
export interface EntrySize {
  readonly quantity: Qty;
  readonly budget: Money | undefined;
}

/** Share of free funds a sized order leaves untouched, for the open may lie beyond the close it was sized on. */
const FUNDS_BUFFER = 0.01;

/** Largest multiple of `step` not above `x` (float64, >= 0). */
export function floorToStep(x: number, step: Qty): Qty {
  if (!(x > 0) || !Number.isFinite(x)) return 0n as Qty;
  return snap(fromComputed<Qty>(x), step, "down");
}

/** A float64 amount in whole 1e-8; a float's noise below that does not cost a unit. */
function floorMoney(x: number): Money {
  return (BigInt(Math.floor(x * 1e8 + 1e-4)) * 10_000n) as Money;
}

/** Nearest tick to a float64 price. */
export function nearestTick(x: number, tick: Price): Price {
  return snap(BigInt(Math.round(x * Number(ONE))) as Price, tick, "halfEven");
}

/** Cash (spot) or margin (contracts) not tied up, float64, settle currency; losses count at once, gains when taken. */
export function freeFunds(variant: VariantState): number {
  const { leverage } = variant.plan.risk;
  let free = variant.cashNumber;
  for (const slot of variant.slots) {
    const rate = marginRate(slot.instrument, leverage);
    free -= pendingExposure(slot) * rate;
    if (slot.instrument.kind !== "spot") free += Math.min(0, slot.markValue) - Math.abs(slot.cost) * rate;
  }
  return free;
}

/** Value of one unit at `price`, settle currency. */
function unitValue(request: EntryRequest, price: number): number {
  return notional(request.slot.instrument, 1, request.slot.multiplier, price);
}

/**
 * Sizes an entry by the variant's method at the decision's close, then caps it by `max_position_size`,
 * what `max_total_exposure` leaves, and free funds with fees. `stop` is the protective price, if any;
 * without one the whole value counts as at risk.
 */
export function sizeEntry(request: EntryRequest, stop: number | undefined): EntrySize {
  const { variant, slot, decision } = request;
  const { sizing, risk } = variant.plan;
  const { instrument } = slot;
  const unit = unitValue(request, decision.close);
  const fee = toNumber(instrument.takerFee);
  const rate = marginRate(instrument, risk.leverage);
  const funds = Math.max(0, freeFunds(variant));
  const room = Math.min(
    (risk.maxPositionSize ?? Infinity) - slotExposure(slot),
    (risk.maxTotalExposure ?? Infinity) - variantExposure(variant),
  );
  if (sizing.method === "cash_fraction") {
    // A budget is notional and fee; of it, margin and fee come out of the funds.
    const budget = Math.max(0, Math.min(funds * sizing.fraction * ((1 + fee) / (rate + fee)), room));
    return { quantity: 0n as Qty, budget: floorMoney(budget) };
  }
  const wanted = wantedQuantity(request, unit, stop);
  // A reversal may be sized after a newer close than the one it was decided on: the dearer of both caps it.
  const dearest = slot.lastClose > 0 ? Math.max(unit, unitValue(request, slot.lastClose)) : unit;
  const affordable = (funds * (1 - FUNDS_BUFFER)) / (dearest * (rate + fee));
  return { quantity: floorToStep(Math.min(wanted, room / dearest, affordable), instrument.step), budget: undefined };
}

function wantedQuantity(request: EntryRequest, unit: number, stop: number | undefined): number {
  const { variant } = request;
  const { sizing } = variant.plan;
  if (sizing.method === "quantity") return sizing.quantity;
  if (sizing.method === "notional") return sizing.notional / unit;
  if (sizing.method !== "risk") return 0;
  const lossPerUnit = stop === undefined ? unit : Math.abs(unit - unitValue(request, stop));
  return lossPerUnit > 0 ? (variantEquity(variant) * sizing.riskPerTrade) / lossPerUnit : 0;
}

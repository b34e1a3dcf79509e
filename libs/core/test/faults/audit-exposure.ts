import { toNumber } from "../../src/domain/fixed.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import type { OrderSpec } from "../../src/domain/order.ts";
import { notional } from "../../src/ledger/position.ts";
import { change, holding, name, Violation, type Audit } from "./audit.ts";

/** Limits hold for what the variant's orders hold at the venue, and every entry of it that may still fill whatever we know of it, in full. */
export function exposed(audit: Audit, spec: OrderSpec, priceOf: (instrument: string) => number, closeOf: (reason: string) => number): void {
  const { maxPositionSize, maxTotalExposure, maxConcurrentPositions } = audit.plans.get(spec.variant)!.risk;
  let total = 0;
  let taken = 0;
  for (const instrument of audit.instruments.values()) {
    const price =
      instrument.id === spec.instrument
        ? closeOf(spec.reason)
        : priceOf(instrument.id) || audit.book.instruments.get(instrument.id)!.lastPrice;
    const value = (quantity: bigint) => notional(instrument, toNumber(quantity as never), toNumber(instrument.multiplier), price);
    const dust = value(instrument.step);
    const here = worstCase(audit, instrument, spec, value);
    total += here;
    if (here > 0 && here >= dust) taken += 1;
    if (instrument.id !== spec.instrument) continue;
    if (maxPositionSize !== null && here > maxPositionSize * (1 + 1e-6) + dust)
      throw new Violation("max_position_size", `${name(spec)} makes ${here} of ${maxPositionSize}`);
  }
  // Float noise, and dust that is too little to sell.
  const tolerance = 1e-6 + audit.instruments.size * 0.001;
  if (maxTotalExposure !== null && total > maxTotalExposure * (1 + tolerance))
    throw new Violation("max_total_exposure", `${name(spec)} makes ${total} of ${maxTotalExposure}`);
  if (maxConcurrentPositions !== null && taken > maxConcurrentPositions)
    throw new Violation("max_concurrent_positions", `${name(spec)} makes ${taken} of ${maxConcurrentPositions}`);
}

function worstCase(audit: Audit, instrument: Instrument, spec: OrderSpec, value: (quantity: bigint) => number): number {
  let held = 0n;
  let pending = 0;
  let spent = Infinity;
  for (const { spec: other, live } of [...audit.orders.values(), { spec, live: true }]) {
    if (other.instrument !== instrument.id || other.variant !== spec.variant) continue;
    const atVenue = audit.book.orders.get(other.clientId);
    for (const execution of atVenue?.executions ?? []) held += change(instrument, execution);
    if (other.leg !== "entry") continue;
    // What a budget buys moves with the price from then on; until its fills are booked it counts as the budget.
    if (live && other.budget !== undefined) spent = toNumber(other.budget) + value(audit.positions.get(holding(other)) ?? 0n);
    if (atVenue === undefined ? !live : atVenue.outcome !== undefined) continue;
    if (other.budget !== undefined) pending += toNumber(atVenue?.budgetLeft ?? other.budget);
    else pending += value(atVenue === undefined ? other.quantity : atVenue.quantity - atVenue.filled);
  }
  return Math.min(value(held) + pending, spent);
}

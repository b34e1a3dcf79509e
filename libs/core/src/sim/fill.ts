import {
  abs,
  divide,
  fromComputed,
  ONE,
  snap,
  toExact,
  toMoney,
  toNumber,
  type Exact,
  type Money,
  type Price,
  type Qty,
} from "../domain/fixed.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Execution, Side } from "../domain/order.ts";
import type { CostPlan } from "../domain/plan.ts";
import { applyFill, tradeValue, type Position } from "../ledger/position.ts";
import type { InstrumentBook, VenueBook, VenueSideOrder } from "./book.ts";

/** Price a taker gets at `reference`: half the spread and the slippage against it, snapped against it to the tick. */
export function takerPrice(instrument: Instrument, side: Side, reference: number, costs: CostPlan): Price {
  const against = (costs.spreadBps / 2 + costs.slippageBps) / 10_000;
  const raw = fromComputed<Price>(reference * (side === "BUY" ? 1 + against : 1 - against), "candle price");
  const snapped = snap(raw, instrument.tick, side === "BUY" ? "up" : "down");
  return snapped > 0n ? snapped : instrument.tick;
}

/** Whole steps that `budget` buys at `price`, with the fee where it is paid in money. */
export function budgetQuantity(instrument: Instrument, budget: Money, price: Price): Qty {
  const feeInMoney = instrument.kind !== "spot" || instrument.feeIn === "settle";
  const withFee = instrument.multiplier * (ONE + (feeInMoney ? instrument.takerFee : 0n));
  const most = instrument.kind === "inverse" ? (budget * price * ONE) / withFee : (budget * ONE * ONE * ONE) / (withFee * price);
  return snap(most as Qty, instrument.step, "down");
}

/** Fee of a fill and the currency it is taken in; rounded against us to 1e-12, a rebate (negative rate) too. */
export function feeOf(
  instrument: Instrument,
  side: Side,
  quantity: Qty,
  value: Exact,
  liquidity: "maker" | "taker",
): { fee: Money; feeCurrency: string } {
  const rate = liquidity === "maker" ? instrument.makerFee : instrument.takerFee;
  const against = rate < 0n ? "down" : "up";
  if (instrument.kind === "spot" && instrument.feeIn === "received" && side === "BUY")
    return { fee: divide(quantity * rate, ONE, against) as Money, feeCurrency: instrument.base };
  return { fee: toMoney(divide(value * rate, ONE, against) as Exact, against), feeCurrency: instrument.settle };
}

/** Moves the venue's own cash and position by a fill. Kept apart from the account's ledger on purpose. */
export function settleFill(book: VenueBook, market: InstrumentBook, fill: Execution): void {
  const { instrument } = market;
  market.liquidationAt = Number.NaN;
  const { realized } = applyFill(market.position, instrument, fill.side, fill.quantity, fill.price);
  const value = tradeValue(instrument, fill.quantity, fill.price);
  const flow = instrument.kind === "spot" ? (fill.side === "BUY" ? -value : value) : realized;
  credit(book, instrument.settle, toExact(toMoney(flow as Exact, "halfEven")));
  if (instrument.kind === "spot" && fill.feeCurrency === instrument.base) {
    market.position.qty = (market.position.qty - fill.fee) as Qty;
    market.position.cost = (market.position.cost - fill.fee * fill.price) as Exact;
  } else credit(book, fill.feeCurrency, -toExact(fill.fee) as Exact);
}

export function credit(book: VenueBook, currency: string, amount: Exact): void {
  book.cash.set(currency, ((book.cash.get(currency) ?? 0n) + amount) as Exact);
}

/** True when a fill of `quantity` would only lessen the position. */
export function reduces(position: Position, side: Side, quantity: Qty): boolean {
  return position.qty !== 0n && position.qty > 0n !== (side === "BUY") && quantity <= abs(position.qty);
}

/** Base units in one unit of quantity; a candle's volume counts in base units. */
function baseUnits(instrument: Instrument, price: number): number {
  const multiplier = toNumber(instrument.multiplier);
  return instrument.kind === "inverse" ? multiplier / price : multiplier;
}

/** Quantity the candle's volume still lets one order take at `price`, in whole steps. */
export function volumeRoom(market: InstrumentBook, volume: number, share: number | null, price: number): Qty | undefined {
  if (share === null) return undefined;
  const left = volume * share - market.volumeTaken;
  return left <= 0 ? (0n as Qty) : snap(fromComputed<Qty>(left / baseUnits(market.instrument, price)), market.instrument.step, "down");
}

/** Marks the volume a fill at `price` took. */
export function takeVolume(market: InstrumentBook, quantity: Qty, price: number): void {
  market.volumeTaken += toNumber(quantity) * baseUnits(market.instrument, price);
}

/** What an order still asks for at `price`. */
export function wantedAt(market: InstrumentBook, order: VenueSideOrder, price: Price): Qty {
  if (order.spec.budget !== undefined) return budgetQuantity(market.instrument, order.budgetLeft, price);
  return (order.quantity - order.filled) as Qty;
}

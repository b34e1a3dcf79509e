import { abs, divide, ONE, type Exact, type Price, type Qty } from "../domain/fixed.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Side } from "../domain/order.ts";

/** A position in one instrument: signed quantity and the exact signed value it was opened for. */
export interface Position {
  qty: Qty;
  /** Sum of signed entry values in the settle currency; relieved at average cost, remainder kept. */
  cost: Exact;
}

/** What a fill did to a position. */
export interface PositionChange {
  /** Profit of the closing part before fees, settle currency. */
  readonly realized: Exact;
  /** Unsigned quantity that closed. */
  readonly closed: Qty;
}

/**
 * Unsigned value of `quantity` at `price` in the settle currency.
 * Spot and linear: quantity x multiplier x price. Inverse: quantity x multiplier / price.
 */
export function tradeValue(instrument: Instrument, quantity: Qty, price: Price): Exact {
  if (instrument.kind === "inverse") return divide(quantity * instrument.multiplier * ONE, price, "halfEven") as Exact;
  if (instrument.multiplier === ONE) return (quantity * price) as Exact;
  return divide(quantity * instrument.multiplier * price, ONE, "halfEven") as Exact;
}

/** Folds a fill into `position`: first what it closes, at average cost, then what it opens. */
export function applyFill(position: Position, instrument: Instrument, side: Side, quantity: Qty, price: Price): PositionChange {
  const sign = side === "BUY" ? 1n : -1n;
  const held = position.qty;
  const closes = held !== 0n && held > 0n !== sign > 0n;
  if (!closes) {
    open(position, instrument, sign, quantity, price);
    return { realized: 0n as Exact, closed: 0n as Qty };
  }
  const size = abs(held);
  const closed = quantity < size ? quantity : size;
  const entryValue = closed === size ? position.cost : (divide(position.cost * closed, size, "halfEven") as Exact);
  const exitValue = -sign * tradeValue(instrument, closed, price);
  const gain = exitValue - entryValue;
  position.qty = (held + sign * closed) as Qty;
  position.cost = (position.cost - entryValue) as Exact;
  if (quantity > closed) open(position, instrument, sign, (quantity - closed) as Qty, price);
  return { realized: (instrument.kind === "inverse" ? -gain : gain) as Exact, closed };
}

function open(position: Position, instrument: Instrument, sign: bigint, quantity: Qty, price: Price): void {
  position.qty = (position.qty + sign * quantity) as Qty;
  position.cost = (position.cost + sign * tradeValue(instrument, quantity, price)) as Exact;
}

/**
 * Value of a position in float64 at `price`, as it counts in equity: what the asset is worth on spot,
 * the unrealised profit on contracts. Settle currency.
 */
export function markValue(instrument: Instrument, qty: number, cost: number, multiplier: number, price: number): number {
  if (instrument.kind === "spot") return qty * price;
  if (instrument.kind === "linear") return qty * multiplier * price - cost;
  return cost - (qty * multiplier) / price;
}

/** Unsigned notional of a position in float64, settle currency. */
export function notional(instrument: Instrument, qty: number, multiplier: number, price: number): number {
  const size = Math.abs(qty) * multiplier;
  return instrument.kind === "inverse" ? size / price : size * price;
}

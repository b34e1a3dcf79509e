import { abs, exactToNumber, fromComputed, toNumber, type Money, type Rate } from "../domain/fixed.ts";
import type { Execution } from "../domain/order.ts";
import { bankruptcyPrice, liquidationPrice, marginRate } from "../ledger/margin.ts";
import type { InstrumentBook } from "./book.ts";

/** Whether the position in `market` does not survive `price`. Always false for spot and without a position. */
export function isLiquidatedAt(market: InstrumentBook, leverage: number, price: number): boolean {
  if (market.position.qty === 0n || market.instrument.kind === "spot") return false;
  if (Number.isNaN(market.liquidationAt)) market.liquidationAt = triggerOf(market, leverage);
  return market.position.qty > 0n ? price <= market.liquidationAt : price >= market.liquidationAt;
}

function triggerOf(market: InstrumentBook, leverage: number): number {
  const { instrument, position } = market;
  const value = Math.abs(exactToNumber(position.cost));
  const units = toNumber(abs(position.qty)) * toNumber(instrument.multiplier);
  const entry = instrument.kind === "inverse" ? units / value : value / units;
  return liquidationPrice(
    instrument.kind,
    position.qty > 0n,
    entry,
    1 / marginRate(instrument, leverage),
    toNumber(instrument.maintenanceMargin),
  );
}

/**
 * The fill by which the venue takes the whole position: at the bankruptcy price and without a fee, so that the margin
 * is lost whole and nothing beyond it, however far the price went.
 */
export function liquidationFill(market: InstrumentBook, leverage: number, tradeId: string): Execution {
  const { instrument, position } = market;
  return {
    tradeId,
    side: position.qty > 0n ? "SELL" : "BUY",
    quantity: abs(position.qty),
    price: bankruptcyPrice(instrument, position, fromComputed<Rate>(marginRate(instrument, leverage))),
    fee: 0n as Money,
    feeCurrency: instrument.settle,
    liquidity: "taker",
  };
}

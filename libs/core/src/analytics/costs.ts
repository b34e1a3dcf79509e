import { fillNotional, type FillRecord, type FlowRecord } from "./fills.ts";
import { ratio } from "./number.ts";

/**
 * What trading cost, in the settle currency. Spread and slippage are inside the fill prices and cannot be
 * told apart from the market, so they are not here.
 */
export interface CostBreakdown {
  /** >= 0 is paid, < 0 is a rebate. */
  readonly makerFees: number;
  readonly takerFees: number;
  /** >= 0. */
  readonly fundingPaid: number;
  readonly fundingReceived: number;
  /** Dividends and cash in lieu: received > 0, paid on shorts < 0. */
  readonly dividends: number;
  /** Fees and funding, less funding received. */
  readonly total: number;
  /** Realised profit before all of these. */
  readonly realizedGross: number;
  /** total / traded notional. */
  readonly costBps: number | null;
}

export function costBreakdown(fills: readonly FillRecord[], flows: readonly FlowRecord[]): CostBreakdown {
  const fees = { maker: 0, taker: 0 };
  let realizedGross = 0;
  let traded = 0;
  for (const fill of fills) {
    fees[fill.liquidity] += fill.fee;
    realizedGross += fill.realized;
    traded += fillNotional(fill, fill.quantity, fill.price);
  }
  let fundingPaid = 0;
  let fundingReceived = 0;
  let dividends = 0;
  for (const { type, amount } of flows) {
    if (type !== "funding") dividends += amount;
    else if (amount < 0) fundingPaid -= amount;
    else fundingReceived += amount;
  }
  const total = fees.maker + fees.taker + fundingPaid - fundingReceived;
  const share = ratio(total, traded);
  return {
    makerFees: fees.maker,
    takerFees: fees.taker,
    fundingPaid,
    fundingReceived,
    dividends,
    total,
    realizedGross,
    costBps: share === null ? null : share * 10_000,
  };
}

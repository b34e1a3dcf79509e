import type { Money, Price, Qty } from "./fixed.ts";

export type Side = "BUY" | "SELL";

/** An order's part in a trade. */
export type Leg = "entry" | "stop" | "target" | "close";

/** What an order asks of a venue. Exactly one of `quantity` > 0 and `budget` says how much. */
export interface OrderSpec {
  readonly clientId: string;
  readonly variant: string;
  readonly instrument: string;
  readonly side: Side;
  readonly leg: Leg;
  readonly type: "market" | "limit" | "stop";
  readonly quantity: Qty;
  /** Spend at most this, fee included; the venue sizes to whole steps at its fill price. */
  readonly budget?: Money;
  readonly limitPrice?: Price;
  readonly stopPrice?: Price;
  readonly reduceOnly: boolean;
  /** Orders of one group cancel each other when one of them fills (OCO). */
  readonly group?: string;
  /** On an entry: the protective prices that its position is to have. */
  readonly protectStop?: Price;
  readonly protectTarget?: Price;
  readonly reason: string;
}

/** How an order ended. No outcome but `denied` without evidence from the venue. */
export type Outcome = "filled" | "cancelled" | "rejected" | "expired" | "not_placed" | "denied";

/** A fill as the venue reports it. `tradeId` is the venue's and unique per instrument. */
export interface Execution {
  readonly tradeId: string;
  readonly side: Side;
  readonly quantity: Qty;
  readonly price: Price;
  /** >= 0 is paid, < 0 is a rebate. */
  readonly fee: Money;
  readonly feeCurrency: string;
  readonly liquidity: "maker" | "taker";
}

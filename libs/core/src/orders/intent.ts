import type { Price, Qty } from "../domain/fixed.ts";
import type { OrderSpec } from "../domain/order.ts";
import type { Approved } from "../risk/approved.ts";

/** What the account asks its shell to do. Closed union; nothing is done before its ledger entry is durable. */
export type Intent =
  | { readonly type: "place"; readonly order: Approved<OrderSpec>; readonly sendBy: number }
  | { readonly type: "cancel"; readonly clientId: string; readonly instrument: string }
  | { readonly type: "amend"; readonly clientId: string; readonly instrument: string; readonly quantity: Qty; readonly stopPrice?: Price }
  /** Search open orders, closed orders and own trades for the id. */
  | { readonly type: "lookup"; readonly clientId: string; readonly instrument: string }
  /** Ask for all open orders, recent fills and positions. */
  | { readonly type: "snapshot" }
  /** Deliver a timer event at or after `at`. */
  | { readonly type: "timer"; readonly at: number };

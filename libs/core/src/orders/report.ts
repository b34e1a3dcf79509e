import type { Money, Price, Qty, Rate } from "../domain/fixed.ts";
import type { Execution, Outcome } from "../domain/order.ts";

/** An order as the venue knows it. */
export interface VenueOrder {
  readonly clientId: string;
  readonly venueId: string;
  readonly instrument: string;
  readonly open: boolean;
  /** Set when not open. */
  readonly outcome: Exclude<Outcome, "not_placed" | "denied"> | undefined;
  readonly filled: Qty;
  /** As last amended; 0 for a budget order that has not filled. */
  readonly quantity: Qty;
  readonly stopPrice: Price | undefined;
  readonly executions: readonly Execution[];
}

/**
 * What a venue (or the shell on its behalf: `unanswered`) tells the account. Closed union.
 * Everything but `unanswered` is evidence.
 */
export type VenueReport =
  | { readonly type: "open"; readonly time: number; readonly clientId: string; readonly venueId: string }
  | { readonly type: "fill"; readonly time: number; readonly clientId: string; readonly venueId: string; readonly execution: Execution }
  | {
      readonly type: "closed";
      readonly time: number;
      readonly clientId: string;
      readonly outcome: Exclude<Outcome, "not_placed" | "denied">;
      /** Total the venue filled; less seen by us means that fills are missing. */
      readonly filled: Qty;
      readonly reason: string;
    }
  | { readonly type: "amended"; readonly time: number; readonly clientId: string; readonly quantity: Qty; readonly stopPrice?: Price }
  | {
      readonly type: "request_refused";
      readonly time: number;
      readonly clientId: string;
      readonly request: "cancelling" | "amending";
      readonly reason: string;
    }
  /** Timeout, reset, 5xx, stalled body, 200 without an id: nobody knows. */
  | { readonly type: "unanswered"; readonly time: number; readonly clientId: string; readonly reason: string }
  /** Shell: the intent's `sendBy` had passed before anything was written to the socket. */
  | { readonly type: "not_sent"; readonly time: number; readonly clientId: string; readonly reason: string }
  /** Answer to a look-up over open orders, closed orders and own trades; `order` null means all three are silent. */
  | { readonly type: "lookup"; readonly time: number; readonly clientId: string; readonly order: VenueOrder | null }
  /** `ref` of a cash flow or split is the venue's own name for it, unique in the account. */
  | {
      readonly type: "funding";
      readonly time: number;
      readonly ref: string;
      readonly instrument: string;
      readonly rate: Rate;
      readonly amount: Money;
      readonly currency: string;
    }
  | {
      readonly type: "liquidation";
      readonly time: number;
      readonly instrument: string;
      readonly execution: Execution;
      readonly reason: string;
    }
  | {
      readonly type: "dividend";
      readonly time: number;
      readonly ref: string;
      readonly instrument: string;
      readonly amount: Money;
      readonly currency: string;
    }
  | {
      readonly type: "split";
      readonly time: number;
      readonly ref: string;
      readonly instrument: string;
      readonly ratio: Rate;
      readonly cashInLieu: Money;
    }
  | {
      readonly type: "snapshot";
      readonly time: number;
      readonly orders: readonly VenueOrder[];
      readonly positions: readonly { readonly instrument: string; readonly qty: Qty }[];
    };

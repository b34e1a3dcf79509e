import type { Exact, Money, Price, Qty, Rate } from "../domain/fixed.ts";
import type { Execution, Leg, OrderSpec, Outcome } from "../domain/order.ts";
import type { TradingState } from "../risk/state.ts";

/** Where an amount sits. `trade` is the market's side of a deal; `residue` takes what rounding leaves. */
export type LedgerAccount = "cash" | "position" | "trade" | "fee" | "funding" | "transfer" | "dividend" | "split" | "residue";

/** One line of double entry. The postings of an event sum to zero in each unit. */
export interface Posting {
  readonly account: LedgerAccount;
  /** Currency, asset or contract id. */
  readonly unit: string;
  readonly amount: Exact;
}

/** What happened to the account. Closed union: folding these, in order, rebuilds the account. */
export type LedgerEvent =
  | {
      readonly type: "genesis";
      readonly account: string;
      readonly epoch: string;
      readonly currency: string;
      readonly variants: readonly string[];
    }
  | {
      readonly type: "transfer";
      readonly currency: string;
      readonly amount: Money;
      readonly reason: string;
      readonly postings: readonly Posting[];
    }
  | { readonly type: "order_intended"; readonly order: OrderSpec; readonly sendBy: number }
  | { readonly type: "order_open"; readonly clientId: string; readonly venueId: string }
  | {
      readonly type: "order_requested";
      readonly clientId: string;
      readonly request: "cancelling" | "amending";
      readonly quantity?: Qty;
      readonly stopPrice?: Price;
    }
  | { readonly type: "order_amended"; readonly clientId: string; readonly quantity: Qty; readonly stopPrice?: Price }
  | { readonly type: "order_unknown"; readonly clientId: string; readonly reason: string }
  | { readonly type: "order_known"; readonly clientId: string; readonly reason: string }
  | { readonly type: "order_closed"; readonly clientId: string; readonly outcome: Outcome; readonly reason: string }
  | FillEvent
  | FundingEvent
  | {
      readonly type: "dividend";
      readonly ref: string;
      readonly variant: string;
      readonly instrument: string;
      readonly amount: Money;
      readonly postings: readonly Posting[];
    }
  | {
      readonly type: "split";
      readonly ref: string;
      readonly variant: string;
      readonly instrument: string;
      readonly ratio: Rate;
      readonly cashInLieu: Money;
      readonly postings: readonly Posting[];
    }
  | { readonly type: "denied"; readonly variant: string; readonly instrument: string; readonly code: string; readonly detail: string }
  | { readonly type: "decision_expired"; readonly variant: string; readonly instrument: string; readonly decisionTime: number }
  | { readonly type: "state"; readonly scope: string; readonly state: TradingState; readonly reason: string }
  | { readonly type: "lock"; readonly variant: string; readonly instrument: string; readonly until: number; readonly reason: string }
  | {
      readonly type: "adopted";
      readonly variant: string;
      readonly instrument: string;
      readonly quantity: Qty;
      readonly cost: Exact;
      readonly reason: string;
      readonly postings: readonly Posting[];
    }
  | { readonly type: "notice"; readonly code: string; readonly detail: string };

export interface FillEvent extends Execution {
  readonly type: "fill";
  readonly clientId: string;
  readonly variant: string;
  readonly instrument: string;
  readonly leg: Leg | "liquidation";
  readonly reason: string;
  /** Profit realised by the closing part, before the fee, in the settle currency. */
  readonly realized: Exact;
  /** Signed position quantity after this fill. */
  readonly positionAfter: Qty;
  /** Exact entry value of what is then held. */
  readonly costAfter: Exact;
  readonly postings: readonly Posting[];
}

export interface FundingEvent {
  readonly type: "funding";
  /** The venue's own name for this payment; told twice it counts once. */
  readonly ref: string;
  readonly variant: string;
  readonly instrument: string;
  readonly rate: Rate;
  /** Received > 0, paid < 0. */
  readonly amount: Money;
  readonly currency: string;
  readonly postings: readonly Posting[];
}

/** One step of the account = one message of its ledger. */
export interface LedgerEntry {
  /** 1, 2, 3 ... without gaps. */
  readonly n: number;
  /** Grows by one with each owner of the account's lease. */
  readonly ownerEpoch: number;
  /** Event time of the step. */
  readonly time: number;
  /** Close time of the newest candle folded. */
  readonly watermark: number;
  /** What came from outside and made the step: a report, a timer, a command, a decision. */
  readonly input: string;
  readonly events: readonly LedgerEvent[];
}

import type { Approved, OrderSpec, Price, Qty, VenueReport } from "@tradewind/core";

/** What a venue can do, as data: whoever trades there asks this and never for its name. */
export interface BrokerCapabilities {
  /** Size and stop price of a resting order can change in place. */
  readonly amend: boolean;
  /** Stops rest at the venue. */
  readonly restingStops: boolean;
  /** The venue itself refuses what would enlarge a position. */
  readonly reduceOnly: boolean;
  /** Orders of one group cancel each other. */
  readonly groups: boolean;
  /** Orders are found by the client's id, open and closed. */
  readonly lookupByClientId: boolean;
}

/** A change of a resting order. */
export interface Amendment {
  readonly clientId: string;
  readonly instrument: string;
  readonly quantity: Qty;
  readonly stopPrice?: Price;
}

/**
 * One account at a venue. Answers are reports, stamped with the shell's time. An error is classified before it gets
 * here: only what the venue has said is evidence, and whatever nobody knows (time-out, reset, 5xx, a stalled body,
 * an answer without an order) is `unanswered`. Answers later than the transport's patience are dropped. Nothing
 * is ever sent twice by itself.
 */
export interface Broker {
  readonly capabilities: BrokerCapabilities;
  /** `not_sent` when `sendBy` passed, or the owner lost the account, before anything was written to the socket. */
  place(order: Approved<OrderSpec>, sendBy: number): Promise<VenueReport>;
  cancel(clientId: string, instrument: string): Promise<VenueReport>;
  amend(change: Amendment): Promise<VenueReport>;
  /** Undefined when the venue did not answer. */
  lookup(clientId: string, instrument: string): Promise<VenueReport | undefined>;
  /** All orders and positions; undefined when the venue did not answer. */
  snapshot(): Promise<VenueReport | undefined>;
  close(): Promise<void>;
}

/** What a broker tells and asks of its shell. */
export interface BrokerShell {
  /** The market's time, ms. */
  readonly now: () => number;
  /** The venue's own stream: fills, closings, cash flows. */
  readonly onReport: (report: VenueReport) => void;
  /** The stream was away and something may have been missed: check the account. */
  readonly onGap: () => void;
  /** Asked right before anything is written to a socket: false once the account is no longer the shell's. */
  readonly mayWrite: () => boolean;
  /** Stops a placement before its last check or right before its write: only for tests of what happens there. */
  readonly pause?: (point: "check" | "write") => Promise<void>;
}

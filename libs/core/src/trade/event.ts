import type { Candle } from "../domain/candle.ts";
import type { Decision } from "../domain/decision.ts";
import type { VenueReport } from "../orders/report.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { Intent } from "../orders/intent.ts";

/** An operator's order to the account. Without `variant` it concerns the whole account. */
export interface Command {
  readonly verb: "halt" | "resume" | "close";
  readonly variant?: string;
  readonly instrument?: string;
  /** Who asked, for the ledger. */
  readonly by: string;
}

/** Everything that can happen to an account. Closed union; each carries its event time. */
export type TradeEvent =
  /** A new owner takes the account: what is in flight is in doubt until the venue has been asked. */
  | { readonly type: "start"; readonly time: number; readonly ownerEpoch: number }
  | { readonly type: "report"; readonly report: VenueReport }
  | { readonly type: "candle"; readonly candle: Candle }
  /** All candles of `time` are in: marks, exits that follow the price, loss limits. */
  | { readonly type: "close"; readonly time: number }
  | { readonly type: "decision"; readonly decision: Decision; readonly time: number }
  | { readonly type: "timer"; readonly time: number }
  | { readonly type: "command"; readonly command: Command; readonly time: number };

/** What one step made: the entry to append before any of the intents is performed. */
export interface TradeStep {
  readonly entry: LedgerEntry | undefined;
  readonly intents: readonly Intent[];
}

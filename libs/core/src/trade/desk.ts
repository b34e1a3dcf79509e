import type { LedgerEvent } from "../ledger/entry.ts";
import type { Intent } from "../orders/intent.ts";
import type { AccountState } from "./account.ts";
import { apply } from "./apply.ts";

/** The account while one step is worked: its state, and what the step has made so far. */
export interface Desk {
  readonly state: AccountState;
  /** Event time of the step. */
  time: number;
  events: LedgerEvent[];
  intents: Intent[];
}

/** Records an event and folds it at once, so that the rest of the step sees it. */
export function emit(desk: Desk, event: LedgerEvent): void {
  apply(desk.state, event, desk.time);
  desk.events.push(event);
}

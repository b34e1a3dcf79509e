import type { Decision } from "../domain/decision.ts";
import type { Side } from "../domain/order.ts";
import type { Desk } from "../trade/desk.ts";
import type { Slot, VariantState } from "../trade/account.ts";

/** Why an order may not be sent. `code` is stable; `detail` holds the numbers. */
export interface Denial {
  readonly code: string;
  readonly detail: string;
}

/** An entry before it is sized. */
export interface EntryRequest {
  readonly desk: Desk;
  readonly variant: VariantState;
  readonly slot: Slot;
  readonly side: Side;
  readonly decision: Decision;
}

/** An entry with its size, at the decision's close. Float64, settle currency. */
export interface SizedEntry extends EntryRequest {
  /** Units; for a budget order the most it can buy at the reference price. */
  readonly quantity: number;
  readonly notional: number;
}

/** One check of an entry, at its level of the hierarchy. One file and one registry line each. */
export interface EntryRule {
  readonly name: string;
  readonly level: "order" | "variant" | "account";
  /** Before sizing. */
  readonly gate?: (request: EntryRequest) => Denial | undefined;
  /** After sizing. */
  readonly limit?: (entry: SizedEntry) => Denial | undefined;
}

import type { TradingState } from "../risk/state.ts";
import type { AccountState, Slot } from "./account.ts";
import { emit, type Desk } from "./desk.ts";

/** Sets the state of "portfolio", "account" or "variant:<id>"; recorded only when it changes. */
export function setScope(desk: Desk, scope: string, state: TradingState, reason: string): void {
  const current = desk.state.scopes.get(scope);
  if ((current?.state ?? "ACTIVE") === state && (state === "ACTIVE" || current?.reason === reason)) return;
  emit(desk, { type: "state", scope, state, reason });
}

/** True when the slot's variant, its account or the portfolio is HALTED. */
export function isHalted(state: AccountState, slot: Slot): boolean {
  const halted = (scope: string) => state.scopes.get(scope)?.state === "HALTED";
  return halted("portfolio") || halted("account") || halted(`variant:${slot.plan.id}`);
}

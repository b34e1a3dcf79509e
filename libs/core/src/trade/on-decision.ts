import type { Decision } from "../domain/decision.ts";
import { findSlot, isFlat, liveEntry, type Slot } from "./account.ts";
import { startClose } from "./advance.ts";
import { emit, type Desk } from "./desk.ts";
import { enter } from "./enter.ts";

/** Takes one decision: the first for its close wins, HOLD does nothing, an old one is recorded and dropped. */
export function onDecision(desk: Desk, decision: Decision): void {
  const slot = findSlot(desk.state, decision.variant, decision.instrument);
  if (slot === undefined) {
    emit(desk, { type: "notice", code: "UNKNOWN_SLOT", detail: `decision for ${decision.variant} ${decision.instrument}` });
    return;
  }
  if (decision.closeTime <= slot.lastDecisionTime) return;
  slot.lastDecisionTime = decision.closeTime;
  const flat = isFlat(slot);
  if (!flat) holdLimit(desk, slot);
  if (decision.action === "HOLD") return;
  if (desk.time > decision.validUntil) {
    emit(desk, { type: "decision_expired", variant: decision.variant, instrument: decision.instrument, decisionTime: decision.closeTime });
    return;
  }
  if (flat) open(desk, slot, decision);
  else turn(desk, slot, decision);
}

function holdLimit(desk: Desk, slot: Slot): void {
  slot.heldCloses += 1;
  const limit = slot.plan.exits.maxHoldCloses;
  if (limit !== null && slot.heldCloses >= limit) startClose(desk, slot, "max_hold");
}

function open(desk: Desk, slot: Slot, decision: Decision): void {
  if (slot.live.length > 0) return withdraw(desk, slot, decision);
  if (decision.action === "SELL" && slot.instrument.kind === "spot") return;
  if (!decision.entryAllowed)
    return emit(desk, {
      type: "denied",
      variant: decision.variant,
      instrument: decision.instrument,
      code: "NOT_LIVE",
      detail: "the candle is not a live one",
    });
  enter(desk, slot, decision);
}

/** An entry that has not filled yet is withdrawn when the view turns; what it fills all the same is closed. */
function withdraw(desk: Desk, slot: Slot, decision: Decision): void {
  const entry = liveEntry(slot);
  if (entry !== undefined && entry.spec.side !== decision.action) startClose(desk, slot, decision.reason);
}

/** On a held position: the same side changes nothing; the other closes it and, on contracts, reverses. */
function turn(desk: Desk, slot: Slot, decision: Decision): void {
  const long = slot.position.qty > 0n;
  if (long === (decision.action === "BUY")) return;
  const reverses = slot.instrument.kind !== "spot" && decision.entryAllowed;
  slot.reversal = reverses ? decision : undefined;
  startClose(desk, slot, decision.reason);
}

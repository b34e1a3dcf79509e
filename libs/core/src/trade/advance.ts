import { remaining, type Order } from "../orders/order.ts";
import { isFlat, liveEntry, type Slot } from "./account.ts";
import { emit, type Desk } from "./desk.ts";
import { enter, exitSide, placeExit } from "./enter.ts";
import { isHalted } from "./scope.ts";

/** After so many refused attempts at one protective order the position is closed instead. */
const PROTECT_ATTEMPTS_MAX = 10;

/** Moves a slot one step nearer to what is wanted of it: closed, reversed, or protected. */
export function advance(desk: Desk, slot: Slot): void {
  const entry = liveEntry(slot);
  if (entry !== undefined && (slot.closing !== undefined || isHalted(desk.state, slot))) requestCancel(desk, entry);
  if (isFlat(slot)) return rest(desk, slot);
  if (slot.closing !== undefined) return driveClose(desk, slot);
  // Its exits were told of before its entry: what is held is not known until the entry's own fills are.
  if (entry !== undefined && entry.spec.side === exitSide(slot)) return;
  protect(desk, slot, "stop");
  // A stop at work sells what the target rests on.
  const stop = slot.live.find((order) => order.spec.leg === "stop");
  if (stop === undefined || stop.filled === 0n) return protect(desk, slot, "target");
  for (const order of slot.live) if (order.spec.leg === "target") requestCancel(desk, order);
}

/** Starts closing a position, and one that an entry under way may still make; `reason` goes on the order. */
export function startClose(desk: Desk, slot: Slot, reason: string): void {
  if (slot.closing !== undefined || (isFlat(slot) && liveEntry(slot) === undefined)) return;
  slot.closing = reason;
  advance(desk, slot);
}

/** Without a position no exit may rest; once the last one is gone the other side may open. */
function rest(desk: Desk, slot: Slot): void {
  for (const order of slot.live) if (order.spec.leg !== "entry") requestCancel(desk, order);
  reverse(desk, slot);
}

/** Opens the other side once the old one is gone. */
function reverse(desk: Desk, slot: Slot): void {
  const decision = slot.reversal;
  if (decision === undefined || slot.live.length > 0) return;
  slot.reversal = undefined;
  if (desk.time > decision.validUntil)
    return emit(desk, {
      type: "decision_expired",
      variant: slot.plan.id,
      instrument: slot.instrument.id,
      decisionTime: decision.closeTime,
    });
  enter(desk, slot, decision);
}

/** What rests is withdrawn first: the same holding cannot be sold twice. */
function driveClose(desk: Desk, slot: Slot): void {
  for (const order of slot.live) requestCancel(desk, order);
  if (slot.live.length === 0) placeExit(desk, slot, "close", slot.closing!);
}

/** Asks to cancel an order that rests; one in doubt is looked up first. */
export function requestCancel(desk: Desk, order: Order): void {
  if (order.spec.leg === "close" || order.status !== "open" || order.request !== "none" || order.certainty === "unknown") return;
  emit(desk, { type: "order_requested", clientId: order.spec.clientId, request: "cancelling" });
  desk.intents.push({ type: "cancel", clientId: order.spec.clientId, instrument: order.spec.instrument });
}

/** Keeps one resting order per protective price, of exactly the size held. */
function protect(desk: Desk, slot: Slot, leg: "stop" | "target"): void {
  const price = leg === "stop" ? slot.stop : slot.target;
  if (price === undefined) return;
  const order = slot.live.find((candidate) => candidate.spec.leg === leg);
  if (order === undefined) {
    // An exit in doubt may have filled: until that is known nobody knows how much there is to protect.
    if (slot.live.some((other) => other.spec.leg !== "entry" && other.certainty === "unknown")) return;
    if (slot.attempts[leg] >= PROTECT_ATTEMPTS_MAX) return startClose(desk, slot, `${leg} could not be placed`);
    return placeExit(desk, slot, leg, leg, price);
  }
  if (order.status !== "open" || order.request !== "none" || order.certainty === "unknown") return;
  const held = slot.closable;
  const moved = leg === "stop" && order.stopPrice !== price;
  if (remaining(order) === held && !moved) return;
  const { clientId, instrument } = order.spec;
  const quantity = (order.filled + held) as typeof held;
  const change = { clientId, quantity, ...(leg === "stop" ? { stopPrice: price } : undefined) };
  emit(desk, { type: "order_requested", request: "amending", ...change });
  desk.intents.push({ type: "amend", instrument, ...change });
}

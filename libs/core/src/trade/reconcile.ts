import { abs, formatFixed, type Exact, type Qty } from "../domain/fixed.ts";
import { tradeValue } from "../ledger/position.ts";
import { positionPostings } from "../ledger/postings.ts";
import { parseClientId } from "../orders/client-id.ts";
import type { VenueReport } from "../orders/report.ts";
import { setScope } from "./scope.ts";
import { emit, type Desk } from "./desk.ts";
import { doubt } from "./doubt.ts";
import { advance } from "./advance.ts";
import { nearestTick } from "./sizing.ts";
import { adoptTruth } from "./truth.ts";

type Snapshot = Extract<VenueReport, { type: "snapshot" }>;

/** The check of start-up runs on this schedule ever after. */
const CHECK_EVERY_MS = 60_000;
/** After a check that was not answered or could not settle everything. Longer than any transport waits, so that answers never cross. */
const CHECK_AGAIN_MS = 10_000;

/** Asks the venue for everything it has of the account. */
export function check(desk: Desk): void {
  desk.intents.push({ type: "snapshot" });
  scheduleCheck(desk, CHECK_AGAIN_MS);
}

/** Timer: the check, when it is due. */
export function checkIfDue(desk: Desk): void {
  const { checkAt } = desk.state;
  if (checkAt > 0 && desk.time >= checkAt) check(desk);
}

function scheduleCheck(desk: Desk, afterMs: number): void {
  desk.state.checkAt = desk.time + afterMs;
  desk.intents.push({ type: "timer", at: desk.state.checkAt });
}

/**
 * Holds the account against the venue's own record: orders first, then positions. Orders of ours that the
 * venue lists are taken over; those it does not list are looked up one by one; what nobody can explain
 * is adopted explicitly and the account only reduces until the next clean check.
 */
export function reconcile(desk: Desk, snapshot: Snapshot): void {
  const unexplained: string[] = [];
  const seen = new Set<string>();
  for (const truth of snapshot.orders) {
    seen.add(truth.clientId);
    const order = desk.state.orders.get(truth.clientId);
    if (order !== undefined) adoptTruth(desk, order, truth);
    else if (truth.open) unexplained.push(foreignOrder(desk, truth.clientId));
  }
  let settled = true;
  for (const slots of desk.state.slotsByInstrument.values())
    for (const slot of slots)
      for (const order of slot.live) {
        if (!seen.has(order.spec.clientId) && order.request !== "placing") doubt(desk, order, "not in the venue's list");
        if (order.request !== "none" || order.certainty === "unknown") settled = false;
      }
  if (settled) {
    unexplained.push(...adoptPositions(desk, snapshot));
    settled = !suspects(desk);
  }
  if (unexplained.length > 0) reduce(desk, unexplained.join("; "));
  else if (settled) clear(desk);
  for (const variant of desk.state.variants.values()) for (const slot of variant.slots) advance(desk, slot);
  scheduleCheck(desk, settled ? CHECK_EVERY_MS : CHECK_AGAIN_MS);
}

function foreignOrder(desk: Desk, clientId: string): string {
  const ours = parseClientId(clientId)?.epoch === desk.state.epoch;
  const detail = ours ? `order ${clientId} is ours but not in the ledger` : `order ${clientId} is not ours`;
  emit(desk, { type: "notice", code: ours ? "ORPHAN_ORDER" : "EXTERNAL_ORDER", detail });
  return detail;
}

/** True while a position differs from the venue's and a second check has to confirm it. */
function suspects(desk: Desk): boolean {
  for (const slots of desk.state.slotsByInstrument.values()) if (slots[0]!.suspect !== undefined) return true;
  return false;
}

/**
 * Makes the sum over variants equal the venue's position; the difference goes to the first one. Orders and positions
 * are asked for one after the other and fills go on meanwhile, so a difference must stand still over two checks.
 */
function adoptPositions(desk: Desk, snapshot: Snapshot): string[] {
  const adopted: string[] = [];
  const venue = new Map(snapshot.positions.map((position) => [position.instrument, position.qty]));
  for (const [instrument, slots] of desk.state.slotsByInstrument) {
    const ours = slots.reduce((sum, slot) => sum + slot.position.qty, 0n);
    const change = ((venue.get(instrument) ?? 0n) - ours) as Qty;
    const slot = slots[0]!;
    const { suspect } = slot;
    slot.suspect = undefined;
    if (abs(change) < slot.instrument.step) continue;
    if (suspect?.change !== change || slots.some((other) => other.filledAt > suspect.since)) {
      slot.suspect = { change, since: desk.time };
      continue;
    }
    const price = nearestTick(slot.lastClose || 1, slot.instrument.tick);
    const value = tradeValue(slot.instrument, abs(change), price);
    emit(desk, {
      type: "adopted",
      variant: slot.plan.id,
      instrument,
      quantity: (slot.position.qty + change) as Qty,
      cost: (slot.position.cost + (change > 0n ? value : -value)) as Exact,
      reason: `venue holds ${formatFixed((ours + change) as Qty)}, the ledger ${formatFixed(ours as Qty)}`,
      postings: positionPostings(slot.instrument, "transfer", change),
    });
    adopted.push(`${instrument} differed by ${formatFixed(change)}`);
  }
  return adopted;
}

/** No new risk until a clean check; a halt stays a halt, for a person to clear. */
export function reduce(desk: Desk, reason: string): void {
  const { state } = desk;
  state.differs = reason;
  if (state.scopes.get("account")?.state !== "HALTED") setScope(desk, "account", "REDUCING", `reconciliation: ${reason}`);
}

function clear(desk: Desk): void {
  const { state } = desk;
  if (state.differs === undefined) return;
  state.differs = undefined;
  if (state.scopes.get("account")?.state === "REDUCING") setScope(desk, "account", "ACTIVE", "reconciled");
}

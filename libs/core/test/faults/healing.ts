import type { Slot } from "../../src/trade/account.ts";
import { Violation } from "./audit.ts";
import { foldedDifference } from "./folded.ts";
import type { Life } from "./life.ts";

/** The road has been sound for a while: nothing is in doubt, and everything held is protected. */
export function healed(life: Life): void {
  const { state } = life.machine!;
  for (const order of state.orders.values())
    if (order.status !== "closed" && (order.certainty === "unknown" || order.request !== "none"))
      throw new Violation(
        "recovery ends",
        `${order.spec.leg} …${order.spec.clientId.slice(8)} is ${order.status}, ${order.request}, ${order.certainty}`,
      );
  const account = state.scopes.get("account");
  if (account !== undefined && account.state === "REDUCING")
    throw new Violation("recovery ends", `account ${account.state}: ${account.reason}`);
  for (const [instrument, slots] of state.slotsByInstrument) {
    const ours = slots.flatMap((slot) => slot.live.map((order) => order.spec.clientId)).sort();
    const theirs = life.venue.book.instruments
      .get(instrument)!
      .live.map((order) => order.spec.clientId)
      .sort();
    if (ours.join() !== theirs.join())
      throw new Violation("orders are the venue's", `${instrument} ${ours.join()}, at the venue ${theirs.join()}`);
    for (const slot of slots) healedSlot(life, slot);
  }
  life.auditor.settled(state.balances, (instrument) => state.slotsByInstrument.get(instrument)![0]!.position.cost);
  sameFolded(life);
}

/** What is held is protected, what is not held has no orders, and what was closed is gone. */
function healedSlot(life: Life, slot: Slot): void {
  const { instrument, plan } = slot;
  if (slot.closable === 0n) {
    if (slot.live.length > 0) throw new Violation("nothing rests without a position", `${plan.id} ${instrument.id}`);
    return;
  }
  const entry = [...life.auditor.orders.values()].findLast(
    ({ spec }) => spec.variant === plan.id && spec.instrument === instrument.id && spec.leg === "entry",
  )!;
  const ordered = slot.closing !== undefined || (life.closedAt !== undefined && entry.time < life.closedAt);
  if (ordered) throw new Violation("a close closes", `${plan.id} ${instrument.id} still holds ${slot.position.qty}`);
  if (slot.stop === undefined && entry.spec.protectStop === undefined) return;
  const resting = life.venue.book.instruments.get(instrument.id)!.live;
  const stop = resting.find(({ spec }) => spec.variant === plan.id && spec.leg === "stop");
  const protects = stop !== undefined && stop.quantity - stop.filled === slot.closable && stop.stopPrice === slot.stop;
  if (!protects)
    throw new Violation(
      "held is protected",
      `${instrument.id} ${slot.closable} with a stop of ${stop?.quantity ?? "nothing"} at ${stop?.stopPrice}, not ${slot.stop}`,
    );
}

/** Folding the ledger from its start gives the account that wrote it. */
export function sameFolded(life: Life): void {
  const { code, world, ledger } = life;
  const machine = code.trade.createTradeMachine(world.plans);
  code.trade.foldLedger(machine, ledger);
  const difference = foldedDifference(code.snapshot.snapshotAccount(life.machine!.state), code.snapshot.snapshotAccount(machine.state));
  if (difference !== undefined) throw new Violation("folding rebuilds the account", difference);
}

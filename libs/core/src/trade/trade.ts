import { invariant, unreachable } from "../assert.ts";
import type { Candle } from "../domain/candle.ts";
import type { Decision } from "../domain/decision.ts";
import type { VariantPlan } from "../domain/plan.ts";
import type { LedgerEntry, LedgerEvent } from "../ledger/entry.ts";
import { cashFlowPostings } from "../ledger/postings.ts";
import { assertEpoch } from "../orders/client-id.ts";
import { emptyAccount, findSlot, type AccountState, type Slot } from "./account.ts";
import { advance, startClose } from "./advance.ts";
import { apply, startingBalanceReason } from "./apply.ts";
import { emit, type Desk } from "./desk.ts";
import { doubt, repeatLookups } from "./doubt.ts";
import type { Command, TradeEvent, TradeStep } from "./event.ts";
import { onCandle, onClose } from "./on-close.ts";
import { onDecision } from "./on-decision.ts";
import { onReport } from "./on-report.ts";
import { check, checkIfDue, reduce } from "./reconcile.ts";
import { setScope } from "./scope.ts";

const IDLE: TradeStep = { entry: undefined, intents: [] };

/**
 * The account machine: events in, one ledger entry and intents out. Pure, synchronous, owner of its state.
 * The steps that every close brings have doors of their own, the same as `step` with an event of that type: nothing
 * comes of most of them, and an event made for it would cost more than the step.
 */
export interface TradeMachine {
  readonly state: AccountState;
  step(event: TradeEvent): TradeStep;
  candle(candle: Candle): TradeStep;
  close(time: number): TradeStep;
  decide(decision: Decision, time: number): TradeStep;
}

/** A machine over an account for these variants, all of one account. Empty until `openAccount` or `foldLedger`. */
export function createTradeMachine(plans: readonly VariantPlan[], state: AccountState = emptyAccount(plans)): TradeMachine {
  const desk: Desk = { state, time: 0, events: [], intents: [] };
  const machine: TradeMachine = {
    state,
    step(event) {
      if (event.type === "candle") return machine.candle(event.candle);
      if (event.type === "close") return machine.close(event.time);
      if (event.type === "decision") return machine.decide(event.decision, event.time);
      desk.time = event.type === "report" ? event.report.time : event.time;
      handle(desk, event);
      return finish(desk, inputOf(event));
    },
    candle(candle) {
      desk.time = candle.closeTime;
      onCandle(desk, candle);
      return finish(desk, "candle");
    },
    close(time) {
      desk.time = time;
      onClose(desk, time);
      return finish(desk, "close");
    },
    decide(decision, time) {
      desk.time = time;
      onDecision(desk, decision);
      return finish(desk, "decision");
    },
  };
  return machine;
}

/** The first entry of a new account: its name, its epoch and each variant's starting balance. */
export function openAccount(machine: TradeMachine, plans: readonly VariantPlan[], epoch: string, time: number): LedgerEntry {
  assertEpoch(epoch);
  const { state } = machine;
  const { id, currency } = plans[0]!.account;
  const desk: Desk = { state, time, events: [], intents: [] };
  state.ownerEpoch = 1;
  emit(desk, { type: "genesis", account: id, epoch, currency, variants: plans.map((plan) => plan.id) });
  for (const plan of plans) {
    const amount = plan.account.startingBalance;
    emit(desk, {
      type: "transfer",
      currency,
      amount,
      reason: startingBalanceReason(plan.id),
      postings: cashFlowPostings("transfer", currency, amount),
    });
    const variant = state.variants.get(plan.id)!;
    variant.equity = variant.peak = variant.dayEquity = variant.cashNumber;
  }
  state.n += 1;
  return { n: state.n, ownerEpoch: state.ownerEpoch, time, watermark: state.watermark, input: "genesis", events: desk.events };
}

/** Rebuilds an account from its ledger. Throws `INVARIANT` on a gap. */
export function foldLedger(machine: TradeMachine, entries: Iterable<LedgerEntry>): void {
  const { state } = machine;
  for (const entry of entries) {
    if (entry.n !== state.n + 1) throw invariant(`ledger entry ${entry.n} follows ${state.n}; an entry is missing`);
    for (const event of entry.events) {
      apply(state, event, entry.time);
      recallDecision(state, event, entry.time);
    }
    state.n = entry.n;
    state.ownerEpoch = entry.ownerEpoch;
    state.watermark = entry.watermark;
  }
}

/** A decision that the ledger shows as worked is not worked again when it is delivered to a new owner; it was made by `time`. */
function recallDecision(state: AccountState, event: LedgerEvent, time: number): void {
  const named =
    event.type === "order_intended" && event.order.leg === "entry"
      ? event.order
      : event.type === "denied" || event.type === "decision_expired"
        ? event
        : undefined;
  const slot = named && findSlot(state, named.variant, named.instrument);
  if (slot === undefined) return;
  const worked = event.type === "decision_expired" ? event.decisionTime : time;
  slot.lastDecisionTime = Math.max(slot.lastDecisionTime, worked);
}

/** What has no door of its own. */
type OtherEvent = Exclude<TradeEvent, { type: "candle" | "close" | "decision" }>;

function handle(desk: Desk, event: OtherEvent): void {
  switch (event.type) {
    case "report":
      return onReport(desk, event.report);
    case "timer":
      repeatLookups(desk);
      checkIfDue(desk);
      return eachSlot(desk, advance);
    case "command":
      return onCommand(desk, event.command);
    case "start":
      return onStart(desk, event.ownerEpoch);
    default:
      return unreachable(event);
  }
}

/** The input of a ledger entry. */
function inputOf(event: OtherEvent): string {
  if (event.type === "report") return `report ${event.report.type}`;
  return event.type === "command" ? `command ${event.command.verb} by ${event.command.by}` : event.type;
}

function finish(desk: Desk, input: string): TradeStep {
  const { intents, state } = desk;
  if (desk.events.length === 0 && intents.length === 0) return IDLE;
  // A copy of its exact size, for entries are kept.
  const events = desk.events.slice();
  desk.events.length = 0;
  desk.intents = [];
  if (events.length === 0) return { entry: undefined, intents };
  state.n += 1;
  return { entry: { n: state.n, ownerEpoch: state.ownerEpoch, time: desk.time, watermark: state.watermark, input, events }, intents };
}

function eachSlot(desk: Desk, visit: (desk: Desk, slot: Slot) => void): void {
  for (const variant of desk.state.variants.values()) for (const slot of variant.slots) visit(desk, slot);
}

/** Start-up is recovery: every live order is in doubt until the venue has spoken. */
function onStart(desk: Desk, ownerEpoch: number): void {
  desk.state.ownerEpoch = ownerEpoch;
  emit(desk, { type: "notice", code: "OWNER", detail: `owner epoch ${ownerEpoch}` });
  eachSlot(desk, (_, slot) => {
    for (const order of slot.live) doubt(desk, order, "restart");
  });
  reduce(desk, "starting");
  check(desk);
}

function onCommand(desk: Desk, command: Command): void {
  const scope = command.variant === undefined ? "account" : `variant:${command.variant}`;
  if (command.verb === "halt") setScope(desk, scope, "HALTED", `halted by ${command.by}`);
  if (command.verb === "resume") setScope(desk, scope, "ACTIVE", `resumed by ${command.by}`);
  if (command.verb === "resume" && desk.state.differs !== undefined) reduce(desk, desk.state.differs);
  eachSlot(desk, (_, slot) => {
    if (command.variant !== undefined && slot.plan.id !== command.variant) return;
    if (command.instrument !== undefined && slot.instrument.id !== command.instrument) return;
    if (command.verb !== "close") return advance(desk, slot);
    slot.reversal = undefined;
    startClose(desk, slot, `closed by ${command.by}`);
  });
}

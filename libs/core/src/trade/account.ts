import { exactToNumber, snap, abs, toNumber, type Exact, type Price, type Qty } from "../domain/fixed.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Decision } from "../domain/decision.ts";
import type { Leg } from "../domain/order.ts";
import type { VariantPlan } from "../domain/plan.ts";
import { markValue, notional, type Position } from "../ledger/position.ts";
import type { Order } from "../orders/order.ts";
import type { TradingState } from "../risk/state.ts";

/** One variant's holding of one instrument, with what protects it and what is under way. */
export interface Slot {
  readonly plan: VariantPlan;
  readonly instrument: Instrument;
  readonly multiplier: number;
  position: Position;
  /** The position in whole steps: what an exit could sell. Less than a step or the least order is dust and counts as flat. */
  closable: Qty;
  /** Something happened to it since the last close. */
  touched: boolean;
  /** Float64 copies of the position, refreshed at each fill. */
  qty: number;
  cost: number;
  /** Latest close seen, and the position's part in equity at it. */
  lastClose: number;
  markValue: number;
  /** Ordinal of the trade under way; part of its client ids. */
  ordinal: number;
  /** Attempts made so far for each reduce-only leg of this trade. */
  attempts: Record<Exclude<Leg, "entry">, number>;
  /** Protective prices wanted for the position. */
  stop: Price | undefined;
  target: Price | undefined;
  /** Best price since entry, for the trailing stop. */
  best: number;
  /** Decision closes since entry. */
  heldCloses: number;
  /** Set while the position is being closed. */
  closing: string | undefined;
  /** Entry that waits for the position to be closed: a reversal is a close, then a new order. */
  reversal: Decision | undefined;
  /** Profit of the trade under way, fees and funding included. */
  tradePnl: Exact;
  lastDecisionTime: number;
  /** Event time of its last fill. */
  filledAt: number;
  /** A difference from the venue's position that one check has seen, and when; it counts once a second one sees it. */
  suspect: { readonly change: Qty; readonly since: number } | undefined;
  /** Orders that may still fill. */
  live: Order[];
}

export interface VariantState {
  readonly plan: VariantPlan;
  readonly index: number;
  ordinal: number;
  /** Starting balance plus every cash flow of this variant, settle currency. */
  cash: Exact;
  cashNumber: number;
  /** Float64 statistics of its equity at the last close. */
  equity: number;
  peak: number;
  day: number;
  dayEquity: number;
  readonly slots: Slot[];
}

export interface Lock {
  readonly variant: string;
  /** "*" locks every instrument of the variant. */
  readonly instrument: string;
  readonly until: number;
  readonly reason: string;
}

export interface ClosedTrade {
  readonly variant: string;
  readonly instrument: string;
  readonly time: number;
  readonly pnl: number;
  readonly leg: Leg | "liquidation";
}

/** Everything an account is. Mutated by `apply` alone (and marks by candles); rebuilt by folding its ledger. */
export interface AccountState {
  id: string;
  epoch: string;
  currency: string;
  n: number;
  ownerEpoch: number;
  watermark: number;
  /** When the venue is to be asked for everything again; 0 before the first owner started. Not in the ledger. */
  checkAt: number;
  /** How the account differs from the venue's record, as far as checked; undefined when it does not. Not in the ledger. */
  differs: string | undefined;
  readonly variants: Map<string, VariantState>;
  readonly slotsByInstrument: Map<string, Slot[]>;
  readonly balances: Map<string, Exact>;
  readonly orders: Map<string, Order>;
  /** Venue names of the latest cash flows, splits and liquidations, oldest first: told twice, they count once. */
  readonly flowRefs: string[];
  /** Closed order ids, oldest first: late reports of them are still recognised. */
  readonly closedOrders: string[];
  readonly scopes: Map<string, { state: TradingState; reason: string }>;
  locks: Lock[];
  closedTrades: ClosedTrade[];
}

/** An account without history for these variants. */
export function emptyAccount(plans: readonly VariantPlan[]): AccountState {
  const state: AccountState = {
    id: "",
    epoch: "",
    currency: "",
    n: 0,
    ownerEpoch: 0,
    watermark: 0,
    checkAt: 0,
    differs: undefined,
    variants: new Map(),
    slotsByInstrument: new Map(),
    balances: new Map(),
    orders: new Map(),
    flowRefs: [],
    closedOrders: [],
    scopes: new Map(),
    locks: [],
    closedTrades: [],
  };
  plans.forEach((plan, index) => {
    const slots = plan.instruments.map((instrument) => emptySlot(plan, instrument));
    state.variants.set(plan.id, {
      plan,
      index,
      ordinal: 0,
      cash: 0n as Exact,
      cashNumber: 0,
      equity: 0,
      peak: 0,
      day: -1,
      dayEquity: 0,
      slots,
    });
    for (const slot of slots) {
      const list = state.slotsByInstrument.get(slot.instrument.id);
      if (list) list.push(slot);
      else state.slotsByInstrument.set(slot.instrument.id, [slot]);
    }
  });
  return state;
}

function emptySlot(plan: VariantPlan, instrument: Instrument): Slot {
  return {
    plan,
    instrument,
    multiplier: toNumber(instrument.multiplier),
    position: { qty: 0n as Qty, cost: 0n as Exact },
    closable: 0n as Qty,
    touched: false,
    qty: 0,
    cost: 0,
    lastClose: 0,
    markValue: 0,
    ordinal: 0,
    attempts: { stop: 0, target: 0, close: 0 },
    stop: undefined,
    target: undefined,
    best: 0,
    heldCloses: 0,
    closing: undefined,
    reversal: undefined,
    tradePnl: 0n as Exact,
    lastDecisionTime: -1,
    filledAt: 0,
    suspect: undefined,
    live: [],
  };
}

export function variantOf(state: AccountState, id: string): VariantState | undefined {
  return state.variants.get(id);
}

export function findSlot(state: AccountState, variant: string, instrument: string): Slot | undefined {
  const slots = state.slotsByInstrument.get(instrument);
  if (slots === undefined) return undefined;
  for (const slot of slots) if (slot.plan.id === variant) return slot;
  return undefined;
}

export function isFlat(slot: Slot): boolean {
  return slot.closable === 0n;
}

/** The entry that may still fill. There is one at a time. */
export function liveEntry(slot: Slot): Order | undefined {
  return slot.live.find((order) => order.spec.leg === "entry");
}

/** Refreshes a slot's part in equity at `price`. */
export function markSlot(slot: Slot, price: number): void {
  slot.lastClose = price;
  slot.markValue = slot.qty === 0 ? 0 : markValue(slot.instrument, slot.qty, slot.cost, slot.multiplier, price);
}

/** Takes over a new position and its float64 copies. */
export function setPosition(slot: Slot, qty: Qty, cost: Exact): void {
  slot.position.qty = qty;
  slot.position.cost = cost;
  const whole = snap(abs(qty), slot.instrument.step, "down");
  slot.closable = whole < slot.instrument.minQty ? (0n as Qty) : whole;
  slot.touched = true;
  slot.qty = toNumber(qty);
  slot.cost = exactToNumber(cost);
  if (slot.lastClose > 0) markSlot(slot, slot.lastClose);
}

/** Unsigned notional held in a slot, at its last close. */
export function slotNotional(slot: Slot): number {
  return slot.qty === 0 ? 0 : notional(slot.instrument, slot.qty, slot.multiplier, slot.lastClose);
}

/** The variant's equity: its cash and the marks of its positions. */
export function variantEquity(variant: VariantState): number {
  let equity = variant.cashNumber;
  for (const slot of variant.slots) equity += slot.markValue;
  return equity;
}

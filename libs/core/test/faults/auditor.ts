import { abs, toNumber, toExact, type Exact, type Qty } from "../../src/domain/fixed.ts";
import { positionUnit, type Instrument } from "../../src/domain/instrument.ts";
import type { Execution, OrderSpec } from "../../src/domain/order.ts";
import type { VariantPlan } from "../../src/domain/plan.ts";
import type { FillEvent, LedgerEntry, LedgerEvent } from "../../src/ledger/entry.ts";
import { notional, tradeValue } from "../../src/ledger/position.ts";
import { parseClientId } from "../../src/orders/client-id.ts";
import type { VenueReport } from "../../src/orders/report.ts";
import type { Command } from "../../src/trade/event.ts";
import type { VenueBook } from "../../src/sim/book.ts";

/** A promise that was not kept. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}

interface Audited {
  readonly spec: OrderSpec;
  readonly time: number;
  live: boolean;
  unknown: boolean;
  filled: bigint;
}

/** What has been said to the account about one order. */
interface Evidence {
  notSent: boolean;
  refused: boolean;
  silences: number;
}

/**
 * Reads the ledger as it is written and holds it against the venue's own book. It keeps its own account of
 * orders and positions and shares no state with the machine it judges.
 */
export interface Auditor {
  readonly orders: ReadonlyMap<string, Audited>;
  /** A report on its way into the account. */
  heard(report: VenueReport): void;
  /** A new owner of the account, or an operator's command that is now durable. */
  began(): void;
  commanded(command: Command): void;
  /** An order that leaves the shell. */
  sent(order: OrderSpec): void;
  /** An order that reaches the venue. */
  reached(order: OrderSpec): void;
  /** What the venue matched. */
  matched(reports: readonly VenueReport[]): void;
  /** An entry that has become durable. `priceOf`: the price at which the account values an instrument; `closeOf`: that of a decision. */
  written(entry: LedgerEntry, priceOf: (instrument: string) => number, closeOf: (reason: string) => number): void;
  /** All is quiet: the ledger holds what the venue holds. */
  settled(balances: ReadonlyMap<string, Exact>, costOf: (instrument: string) => Exact): void;
}

interface Audit {
  readonly plans: ReadonlyMap<string, VariantPlan>;
  readonly book: VenueBook;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly orders: Map<string, Audited>;
  readonly evidence: Map<string, Evidence>;
  readonly sends: Map<string, number>;
  readonly arrivals: Map<string, number>;
  readonly decided: Set<string>;
  /** Variant and ordinal of each trade; of each, the tightest stop asked for so far. */
  readonly ordinals: Set<string>;
  readonly stops: Map<string, bigint>;
  /** By variant and instrument: as the ledger has it, and as the venue matched it. */
  readonly positions: Map<string, bigint>;
  readonly truth: Map<string, bigint>;
  readonly booked: Map<string, string[]>;
  readonly residue: Map<string, bigint>;
  n: number;
  time: number;
  checked: boolean;
  halted: boolean;
}

export function createAuditor(plans: readonly VariantPlan[], book: VenueBook): Auditor {
  const audit: Audit = {
    plans: new Map(plans.map((plan) => [plan.id, plan])),
    book,
    instruments: new Map(plans[0]!.instruments.map((instrument) => [instrument.id, instrument])),
    orders: new Map(),
    evidence: new Map(),
    sends: new Map(),
    arrivals: new Map(),
    decided: new Set(),
    ordinals: new Set(),
    positions: new Map(),
    truth: new Map(),
    booked: new Map(),
    residue: new Map(),
    stops: new Map(),
    n: 0,
    time: 0,
    checked: false,
    halted: false,
  };
  return {
    orders: audit.orders,
    heard: (report) => hear(audit, report),
    matched(reports) {
      for (const report of reports) if (report.type === "fill") match(audit, audit.book.orders.get(report.clientId)!.spec, report.execution);
    },
    began() {
      audit.checked = false;
    },
    commanded({ verb }) {
      if (verb !== "close") audit.halted = verb === "halt";
    },
    sent: (order) => count(audit.sends, order.clientId, "sent once", order),
    reached(order) {
      count(audit.arrivals, order.clientId, "placed once", order);
      if (audit.orders.get(order.clientId)?.live === false) throw new Violation("not_placed is true", `${name(order)} reaches the venue after the ledger closed it`);
    },
    written(entry, priceOf, closeOf) {
      if (entry.n !== audit.n + 1) throw new Violation("no gap", `entry ${entry.n} follows ${audit.n}`);
      audit.n = entry.n;
      audit.time = entry.time;
      for (const event of entry.events) {
        if ("postings" in event) balance(audit, event);
        judge(audit, event, priceOf, closeOf);
      }
    },
    settled: (balances, costOf) => settle(audit, balances, costOf),
  };
}

const holding = (spec: { variant: string; instrument: string }): string => `${spec.variant} ${spec.instrument}`;

/** What an order is part of: its variant's trade by ordinal. */
const tradeOf = (order: OrderSpec): string => `${order.variant} ${parseClientId(order.clientId)!.ordinal}`;

const name = (order: OrderSpec): string => `${order.leg} ${order.side} ${order.instrument} …${order.clientId.slice(8)}`;

function count(map: Map<string, number>, id: string, invariant: string, order: OrderSpec): void {
  const times = (map.get(id) ?? 0) + 1;
  map.set(id, times);
  if (times > 1) throw new Violation(invariant, `${name(order)} ${times} times`);
}

function hear(audit: Audit, report: VenueReport): void {
  if (report.type === "snapshot") audit.checked = true;
  if (report.type !== "not_sent" && report.type !== "lookup" && report.type !== "closed") return;
  const evidence = audit.evidence.get(report.clientId) ?? { notSent: false, refused: false, silences: 0 };
  audit.evidence.set(report.clientId, evidence);
  if (report.type === "not_sent") evidence.notSent = true;
  else if (report.type === "closed") evidence.refused ||= report.outcome === "rejected";
  else if (report.order === null) evidence.silences += 1;
}

function balance(audit: Audit, event: Extract<LedgerEvent, { postings: unknown }>): void {
  const sums = new Map<string, bigint>();
  for (const posting of event.postings) {
    sums.set(posting.unit, (sums.get(posting.unit) ?? 0n) + posting.amount);
    if (posting.account === "residue") audit.residue.set(posting.unit, (audit.residue.get(posting.unit) ?? 0n) + posting.amount);
  }
  for (const [unit, sum] of sums) if (sum !== 0n) throw new Violation("postings balance", `${event.type} leaves ${sum} of ${unit}`);
}

function judge(audit: Audit, event: LedgerEvent, priceOf: (instrument: string) => number, closeOf: (reason: string) => number): void {
  switch (event.type) {
    case "order_intended":
      return intended(audit, event.order, priceOf, closeOf);
    case "order_unknown":
      audit.orders.get(event.clientId)!.unknown = true;
      return;
    case "order_open":
    case "order_amended":
    case "order_known":
      audit.orders.get(event.clientId)!.unknown = false;
      return;
    case "order_requested":
      return event.stopPrice === undefined ? undefined : tightens(audit, audit.orders.get(event.clientId)!.spec, event.stopPrice);
    case "order_closed":
      return closed(audit, event);
    case "fill":
      return filled(audit, event);
    case "adopted":
      throw new Violation("nothing unexplained", `${event.instrument} adopted: ${event.reason}`);
    case "notice":
      if (event.code === "OWNER") return;
      throw new Violation("nothing unexplained", `${event.code} ${event.detail}`);
    default:
  }
}

function intended(audit: Audit, spec: OrderSpec, priceOf: (instrument: string) => number, closeOf: (reason: string) => number): void {
  if (audit.orders.has(spec.clientId)) throw new Violation("ids are used once", name(spec));
  if (spec.leg === "entry") {
    enters(audit, spec);
    exposed(audit, spec, priceOf, closeOf);
  } else exits(audit, spec);
  if (spec.stopPrice !== undefined) tightens(audit, spec, spec.stopPrice);
  audit.orders.set(spec.clientId, { spec, time: audit.time, live: true, unknown: false, filled: 0n });
}

function tightens(audit: Audit, spec: OrderSpec, price: bigint): void {
  const before = audit.stops.get(tradeOf(spec));
  audit.stops.set(tradeOf(spec), price);
  if (before !== undefined && (spec.side === "SELL" ? price < before : price > before)) throw new Violation("stops only tighten", `${name(spec)} from ${before} to ${price}`);
}

function enters(audit: Audit, spec: OrderSpec): void {
  if (!audit.checked) throw new Violation("reconciled before trading", name(spec));
  if (audit.halted) throw new Violation("halted is halted", name(spec));
  if (audit.ordinals.has(tradeOf(spec)) || parseClientId(spec.clientId)!.attempt !== 1) throw new Violation("entries are never resent", `${name(spec)} is ${tradeOf(spec)} again`);
  audit.ordinals.add(tradeOf(spec));
  if (audit.decided.has(spec.reason)) throw new Violation("one entry per decision", `${name(spec)} on ${spec.reason} again`);
  audit.decided.add(spec.reason);
  for (const other of audit.orders.values()) {
    if (!other.live || other.spec.instrument !== spec.instrument) continue;
    if (other.unknown) throw new Violation("unknown blocks entries", `${name(spec)} while ${name(other.spec)} is unknown`);
    if (other.spec.leg === "entry" && other.spec.variant === spec.variant) throw new Violation("one entry at a time", `${name(spec)} beside ${name(other.spec)}`);
  }
}

/** What the variant's orders hold at the venue, and every entry of it that may still fill whatever we know of it, in full. */
function exposed(audit: Audit, spec: OrderSpec, priceOf: (instrument: string) => number, closeOf: (reason: string) => number): void {
  const { maxPositionSize, maxTotalExposure, maxConcurrentPositions } = audit.plans.get(spec.variant)!.risk;
  let total = 0;
  let taken = 0;
  for (const instrument of audit.instruments.values()) {
    const price = instrument.id === spec.instrument ? closeOf(spec.reason) : priceOf(instrument.id) || audit.book.instruments.get(instrument.id)!.lastPrice;
    const value = (quantity: bigint) => notional(instrument, toNumber(quantity as never), toNumber(instrument.multiplier), price);
    const dust = value(instrument.step);
    const here = worstCase(audit, instrument, spec, value);
    total += here;
    if (here > 0 && here >= dust) taken += 1;
    if (instrument.id !== spec.instrument) continue;
    if (maxPositionSize !== null && here > maxPositionSize * (1 + 1e-6) + dust) throw new Violation("max_position_size", `${name(spec)} makes ${here} of ${maxPositionSize}`);
  }
  // Float noise, and dust that is too little to sell.
  const tolerance = 1e-6 + audit.instruments.size * 0.001;
  if (maxTotalExposure !== null && total > maxTotalExposure * (1 + tolerance)) throw new Violation("max_total_exposure", `${name(spec)} makes ${total} of ${maxTotalExposure}`);
  if (maxConcurrentPositions !== null && taken > maxConcurrentPositions) throw new Violation("max_concurrent_positions", `${name(spec)} makes ${taken} of ${maxConcurrentPositions}`);
}

function worstCase(audit: Audit, instrument: Instrument, spec: OrderSpec, value: (quantity: bigint) => number): number {
  let held = 0n;
  let pending = 0;
  let spent = Infinity;
  for (const { spec: other, live } of [...audit.orders.values(), { spec, live: true }]) {
    if (other.instrument !== instrument.id || other.variant !== spec.variant) continue;
    const atVenue = audit.book.orders.get(other.clientId);
    for (const execution of atVenue?.executions ?? []) held += change(instrument, execution);
    if (other.leg !== "entry") continue;
    // What a budget buys moves with the price from then on; until its fills are booked it counts as the budget.
    if (live && other.budget !== undefined) spent = toNumber(other.budget) + value(audit.positions.get(holding(other)) ?? 0n);
    if (atVenue === undefined ? !live : atVenue.outcome !== undefined) continue;
    if (other.budget !== undefined) pending += toNumber(atVenue?.budgetLeft ?? other.budget);
    else pending += value(atVenue === undefined ? other.quantity : atVenue.quantity - atVenue.filled);
  }
  return Math.min(value(held) + pending, spent);
}

function exits(audit: Audit, spec: OrderSpec): void {
  const held = audit.positions.get(holding(spec)) ?? 0n;
  const reduces = spec.reduceOnly && held > 0n === (spec.side === "SELL") && spec.quantity <= abs(held);
  if (!reduces) throw new Violation("exits only reduce", `${name(spec)} of ${spec.quantity} against ${held}`);
  if (spec.leg !== "close") return;
  for (const other of audit.orders.values())
    if (other.live && holding(other.spec) === holding(spec)) throw new Violation("nothing rests beside a close", `${name(other.spec)} beside ${name(spec)}`);
}

function closed(audit: Audit, event: Extract<LedgerEvent, { type: "order_closed" }>): void {
  const order = audit.orders.get(event.clientId)!;
  const truth = audit.book.orders.get(event.clientId);
  order.live = order.unknown = false;
  const lie = (detail: string) => new Violation("no end without evidence", `${name(order.spec)} closed as ${event.outcome}, ${detail}`);
  if (event.outcome === "not_placed") {
    const evidence = audit.evidence.get(event.clientId);
    if (truth !== undefined) throw lie("the venue has it");
    if (evidence === undefined || !(evidence.notSent || evidence.silences >= 3)) throw lie(`after ${evidence?.silences ?? 0} silent look-ups`);
  } else if (event.outcome === "rejected" && truth === undefined) {
    if (!audit.evidence.get(event.clientId)?.refused) throw lie("the venue never said so");
  } else if (truth?.outcome !== event.outcome && !(event.outcome === "filled" && truth !== undefined && truth.filled >= order.spec.quantity)) throw lie(`the venue says ${truth?.outcome ?? (truth ? "open" : "nothing")}`);
  else if (truth !== undefined && truth.filled !== order.filled) throw lie(`with ${order.filled} of ${truth.filled} filled`);
}

/** What a fill does to a position, a fee taken in the asset included. */
function change(instrument: Instrument, { side, quantity, fee, feeCurrency }: Execution): bigint {
  return (side === "BUY" ? quantity : -quantity) - (feeCurrency === positionUnit(instrument) ? fee : 0n);
}

function match(audit: Audit, spec: OrderSpec, execution: Execution): void {
  const before = audit.truth.get(holding(spec)) ?? 0n;
  const after = before + change(audit.instruments.get(spec.instrument)!, execution);
  audit.truth.set(holding(spec), after);
  const sound = spec.leg === "entry" || (before !== 0n && (after === 0n || after > 0n === before > 0n) && abs(after as Qty) < abs(before as Qty));
  if (!sound) throw new Violation("exits never reverse", `${name(spec)} turns ${before} into ${after}`);
}

function filled(audit: Audit, event: FillEvent): void {
  const { instrument: id } = event;
  const execution = audit.book.orders.get(event.clientId)?.executions.find((candidate) => candidate.tradeId === event.tradeId);
  const known = execution !== undefined && execution.quantity === event.quantity && execution.price === event.price && execution.fee === event.fee && execution.side === event.side;
  if (!known) throw new Violation("fills are the venue's", `${event.tradeId} of ${event.quantity} is not in its book`);
  const booked = audit.booked.get(id) ?? [];
  audit.booked.set(id, booked);
  if (booked.includes(event.tradeId)) throw new Violation("fills are counted once", `${event.tradeId} again`);
  booked.push(event.tradeId);
  const order = audit.orders.get(event.clientId)!;
  order.filled += event.quantity;
  const after = (audit.positions.get(holding(event)) ?? 0n) + change(audit.instruments.get(id)!, event);
  if (event.positionAfter !== after) throw new Violation("positions add up", `${id} ${event.positionAfter}, not ${after}`);
  audit.positions.set(holding(event), after);
}

function settle(audit: Audit, balances: ReadonlyMap<string, Exact>, costOf: (instrument: string) => Exact): void {
  let inOrder = true;
  let flows = 0n;
  let costs = 0n;
  const plans = [...audit.plans.values()];
  const { currency } = plans[0]!.account;
  for (const instrument of audit.instruments.values()) {
    const market = audit.book.instruments.get(instrument.id)!;
    const held = plans.reduce((sum, { id }) => sum + (audit.positions.get(`${id} ${instrument.id}`) ?? 0n), 0n);
    if (held !== market.position.qty) throw new Violation("positions are the venue's", `${instrument.id} ${held}, at the venue ${market.position.qty}`);
    const booked = (audit.booked.get(instrument.id) ?? []).map((id) => Number(id.slice(1)));
    inOrder &&= booked.every((id, i) => i === 0 || id > booked[i - 1]!);
    for (const order of audit.book.orders.values()) {
      if (order.spec.instrument !== instrument.id) continue;
      for (const { side, quantity, price, fee, feeCurrency } of order.executions) {
        flows += (side === "BUY" ? -1n : 1n) * (instrument.kind === "inverse" ? -1n : 1n) * tradeValue(instrument, quantity, price);
        if (feeCurrency === currency) flows -= toExact(fee);
      }
    }
    if (instrument.kind !== "spot") costs += (instrument.kind === "inverse" ? -1n : 1n) * costOf(instrument.id);
    // A venue averages over all that is held, a ledger over each variant's part.
    if (inOrder && plans.length === 1 && costOf(instrument.id) !== market.position.cost) throw new Violation("costs are the venue's", `${instrument.id} ${costOf(instrument.id)}, at the venue ${market.position.cost}`);
  }
  const cash = balances.get(currency) ?? 0n;
  // What is held and what was cashed always explain the trades; venue and ledger split it alike when they saw one order.
  const explained = plans.reduce((sum, plan) => sum + toExact(plan.account.startingBalance), 0n) + flows + costs;
  const residue = audit.residue.get(currency) ?? 0n;
  if (cash + residue !== explained) throw new Violation("trades explain the cash", `${cash} and a residue of ${residue}, not ${explained}`);
  const theirs = audit.book.cash.get(currency)!;
  if (inOrder && cash !== theirs) throw new Violation("cash is the venue's", `${cash}, at the venue ${theirs}`);
}

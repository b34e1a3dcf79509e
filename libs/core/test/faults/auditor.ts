import { abs, type Exact, type Qty } from "../../src/domain/fixed.ts";
import type { Execution, OrderSpec } from "../../src/domain/order.ts";
import type { VariantPlan } from "../../src/domain/plan.ts";
import type { FillEvent, LedgerEntry, LedgerEvent } from "../../src/ledger/entry.ts";
import { parseClientId } from "../../src/orders/client-id.ts";
import type { VenueReport } from "../../src/orders/report.ts";
import type { VenueBook } from "../../src/sim/book.ts";
import type { Command } from "../../src/trade/event.ts";
import { exposed } from "./audit-exposure.ts";
import { settle } from "./audit-settled.ts";
import { change, holding, name, tradeOf, Violation, type Audit, type Audited } from "./audit.ts";

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
      for (const report of reports)
        if (report.type === "fill") match(audit, audit.book.orders.get(report.clientId)!.spec, report.execution);
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
      if (audit.orders.get(order.clientId)?.live === false)
        throw new Violation("not_placed is true", `${name(order)} reaches the venue after the ledger closed it`);
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
  if (before !== undefined && (spec.side === "SELL" ? price < before : price > before))
    throw new Violation("stops only tighten", `${name(spec)} from ${before} to ${price}`);
}

function enters(audit: Audit, spec: OrderSpec): void {
  if (!audit.checked) throw new Violation("reconciled before trading", name(spec));
  if (audit.halted) throw new Violation("halted is halted", name(spec));
  if (audit.ordinals.has(tradeOf(spec)) || parseClientId(spec.clientId)!.attempt !== 1)
    throw new Violation("entries are never resent", `${name(spec)} is ${tradeOf(spec)} again`);
  audit.ordinals.add(tradeOf(spec));
  if (audit.decided.has(spec.reason)) throw new Violation("one entry per decision", `${name(spec)} on ${spec.reason} again`);
  audit.decided.add(spec.reason);
  for (const other of audit.orders.values()) {
    if (!other.live || other.spec.instrument !== spec.instrument) continue;
    if (other.unknown) throw new Violation("unknown blocks entries", `${name(spec)} while ${name(other.spec)} is unknown`);
    if (other.spec.leg === "entry" && other.spec.variant === spec.variant)
      throw new Violation("one entry at a time", `${name(spec)} beside ${name(other.spec)}`);
  }
}

function exits(audit: Audit, spec: OrderSpec): void {
  const held = audit.positions.get(holding(spec)) ?? 0n;
  const reduces = spec.reduceOnly && held > 0n === (spec.side === "SELL") && spec.quantity <= abs(held);
  if (!reduces) throw new Violation("exits only reduce", `${name(spec)} of ${spec.quantity} against ${held}`);
  if (spec.leg !== "close") return;
  for (const other of audit.orders.values())
    if (other.live && holding(other.spec) === holding(spec))
      throw new Violation("nothing rests beside a close", `${name(other.spec)} beside ${name(spec)}`);
}

function closed(audit: Audit, event: Extract<LedgerEvent, { type: "order_closed" }>): void {
  const order = audit.orders.get(event.clientId)!;
  const truth = audit.book.orders.get(event.clientId);
  order.live = order.unknown = false;
  const lie = (detail: string) => new Violation("no end without evidence", `${name(order.spec)} closed as ${event.outcome}, ${detail}`);
  if (event.outcome === "not_placed") {
    const evidence = audit.evidence.get(event.clientId);
    if (truth !== undefined) throw lie("the venue has it");
    if (evidence === undefined || !(evidence.notSent || evidence.silences >= 3))
      throw lie(`after ${evidence?.silences ?? 0} silent look-ups`);
  } else if (event.outcome === "rejected" && truth === undefined) {
    if (!audit.evidence.get(event.clientId)?.refused) throw lie("the venue never said so");
  } else if (
    truth?.outcome !== event.outcome &&
    !(event.outcome === "filled" && truth !== undefined && truth.filled >= order.spec.quantity)
  )
    throw lie(`the venue says ${truth?.outcome ?? (truth ? "open" : "nothing")}`);
  else if (truth !== undefined && truth.filled !== order.filled) throw lie(`with ${order.filled} of ${truth.filled} filled`);
}

function match(audit: Audit, spec: OrderSpec, execution: Execution): void {
  const before = audit.truth.get(holding(spec)) ?? 0n;
  const after = before + change(audit.instruments.get(spec.instrument)!, execution);
  audit.truth.set(holding(spec), after);
  const sound =
    spec.leg === "entry" || (before !== 0n && (after === 0n || after > 0n === before > 0n) && abs(after as Qty) < abs(before as Qty));
  if (!sound) throw new Violation("exits never reverse", `${name(spec)} turns ${before} into ${after}`);
}

function filled(audit: Audit, event: FillEvent): void {
  const { instrument: id } = event;
  const execution = audit.book.orders.get(event.clientId)?.executions.find((candidate) => candidate.tradeId === event.tradeId);
  const known =
    execution !== undefined &&
    execution.quantity === event.quantity &&
    execution.price === event.price &&
    execution.fee === event.fee &&
    execution.side === event.side;
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

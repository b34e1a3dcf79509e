import type { Exact, Money } from "../../src/domain/fixed.ts";
import type { Candle } from "../../src/domain/candle.ts";
import type { Decision } from "../../src/domain/decision.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import type { Intent } from "../../src/orders/intent.ts";
import type { VenueReport } from "../../src/orders/report.ts";
import { createLink, soundLink, type Link } from "../../src/sim/link.ts";
import { createPrng, type Prng } from "../../src/sim/prng.ts";
import { createSimVenue, type SimVenue } from "../../src/sim/venue.ts";
import * as accountSnapshot from "../../src/trade/account-snapshot.ts";
import type { Slot } from "../../src/trade/account.ts";
import type { Command, TradeEvent } from "../../src/trade/event.ts";
import * as trade from "../../src/trade/trade.ts";
import { createAuditor, Violation, type Auditor } from "./auditor.ts";
import { describeEntry, describeEvent, describeIntent, type Trace } from "./trace.ts";
import { foldedDifference } from "./folded.ts";
import { createPath, drawWorld, joinCandles, MINUTE_MS, START, SUB_MS, SUBS, type PricePath, type World } from "./world.ts";

/** The code under test: the account machine, or a mutant of it. */
export interface Code {
  readonly trade: typeof trade;
  readonly snapshot: typeof accountSnapshot;
}

export const production: Code = { trade, snapshot: accountSnapshot };

/** `sends_first` is a shell that breaks the first rule of the ledger. */
export type ShellOrder = "appends_first" | "sends_first";

/** Simulated minutes without faults and without decisions: everything in doubt has to clear up in them. */
const HEALING_MINUTES = 4;
const CLOSING_MINUTES = 4;
const CHECKPOINT_SHARE = 0.01;
const STALL_SHARE = 0.01;
const REDELIVERED_MS = 90_000;

interface Scheduled {
  readonly at: number;
  readonly run: () => void;
}

/** One account's whole life: prices, decisions, crashes, a bad road, and a ledger that outlives them. */
export interface Life {
  readonly world: World;
  readonly code: Code;
  readonly order: ShellOrder;
  readonly prng: Prng;
  readonly venue: SimVenue;
  readonly link: Link;
  readonly auditor: Auditor;
  readonly ledger: LedgerEntry[];
  readonly paths: readonly PricePath[];
  readonly trace: Trace | undefined;
  now: number;
  crashShare: number;
  ownerEpoch: number;
  /** Undefined while the shell is down. */
  machine: trade.TradeMachine | undefined;
  timers: number[];
  scheduled: Scheduled[];
  checkpoint: { n: number; data: unknown } | undefined;
  decisions: Decision[];
  minute: Candle[][];
  /** When the operator last closed everything; undefined once a crash may have forgotten it. */
  closedAt: number | undefined;
  crashes: number;
  steps: number;
}

/** Lives one seed. Throws `Violation`, or whatever the machine throws. */
export function live(seed: number, code: Code = production, order: ShellOrder = "appends_first", trace?: Trace): Life {
  const life = begin(seed, code, order, trace);
  const { world, link, auditor } = life;
  for (let m = 0; m < world.minutes; m++) passMinute(life, true);
  link.become(soundLink);
  life.crashShare = 0;
  for (let m = 0; m < HEALING_MINUTES; m++) passMinute(life, false);
  healed(life);
  deliver(life, { type: "command", command: { verb: "close", by: "test" }, time: life.now });
  for (let m = 0; m < CLOSING_MINUTES; m++) passMinute(life, false);
  const { state } = life.machine!;
  for (const variant of state.variants.values())
    for (const slot of variant.slots) if (slot.closable !== 0n || slot.live.length > 0) throw new Violation("a close closes", `${slot.instrument.id} holds ${slot.position.qty} with ${slot.live.length} orders`);
  auditor.settled(state.balances, (instrument) => state.slotsByInstrument.get(instrument)![0]!.position.cost);
  sameFolded(life);
  return life;
}

function begin(seed: number, code: Code, order: ShellOrder, trace: Trace | undefined): Life {
  const world = drawWorld(seed);
  const { plans } = world;
  const plan = plans[0]!;
  const balance = plans.reduce((sum, { account }) => sum + account.startingBalance, 0n) as Money;
  const prng = createPrng(seed + 1);
  const venue = createSimVenue({ instruments: plan.instruments, currency: plan.account.currency, balance, leverage: plan.risk.leverage, costs: plan.costs, fills: plan.fills });
  const auditor = createAuditor(plans, venue.book);
  const watched: SimVenue = {
    ...venue,
    place(spec, time, out) {
      auditor.reached(spec);
      venue.place(spec, time, out);
    },
  };
  const machine = code.trade.createTradeMachine(plans);
  const life: Life = {
    world,
    code,
    order,
    prng,
    venue,
    link: createLink(watched, world.faults, seed + 2),
    auditor,
    ledger: [],
    paths: plan.instruments.map((instrument) => createPath(instrument.id, prng)),
    trace,
    now: START,
    crashShare: world.crashShare,
    ownerEpoch: 1,
    machine,
    timers: [],
    scheduled: [],
    checkpoint: undefined,
    decisions: [],
    minute: plan.instruments.map(() => []),
    closedAt: undefined,
    crashes: 0,
    steps: 0,
  };
  append(life, code.trade.openAccount(machine, plans, "0000beef", START));
  deliver(life, { type: "start", time: START, ownerEpoch: 2 });
  return life;
}

function passMinute(life: Life, eventful: boolean): void {
  const { venue, link, paths } = life;
  for (let s = 0; s < SUBS; s++) {
    const openTime = life.now;
    const candles = paths.map((path) => path.next(openTime, !eventful));
    const said: VenueReport[] = [];
    for (const candle of candles) venue.open(candle, said);
    life.auditor.matched(said);
    link.stream(said, openTime);
    pass(life, openTime + SUB_MS - 1);
    said.length = 0;
    life.now = openTime + SUB_MS;
    for (const candle of candles) venue.range(candle, said);
    life.auditor.matched(said);
    link.stream(said, life.now);
    candles.forEach((candle, i) => life.minute[i]!.push(candle));
  }
  const joined = life.minute.map((parts) => joinCandles(parts));
  life.minute = life.minute.map(() => []);
  for (const candle of joined) deliver(life, { type: "candle", candle });
  deliver(life, { type: "close", time: life.now });
  if (!eventful) return;
  for (const plan of life.world.plans) for (const candle of joined) decide(life, plan.id, candle);
  if (life.prng.chance(life.world.commandShare)) operate(life);
}

/** An operator closes everything, or halts and resumes a while later. */
function operate(life: Life): void {
  const { prng } = life;
  const command = (verb: Command["verb"]) => deliver(life, { type: "command", command: { verb, by: "operator" }, time: life.now });
  const at = life.now + prng.below(30_000);
  if (prng.chance(0.5)) return later(life, at, () => command("close"));
  later(life, at, () => command("halt"));
  later(life, at + prng.below(240_000), () => command("resume"));
}

/** Everything that falls due up to `until`, in the order of time. */
function pass(life: Life, until: number): void {
  for (;;) {
    const next = Math.min(life.link.nextAt() ?? Infinity, life.timers[0] ?? Infinity, life.scheduled[0]?.at ?? Infinity);
    if (next > until) break;
    life.now = Math.max(life.now, next);
    for (const report of life.link.advance(life.now)) deliver(life, { type: "report", report });
    if (life.timers[0] !== undefined && life.timers[0] <= life.now) {
      life.timers = life.timers.filter((at) => at > life.now);
      deliver(life, { type: "timer", time: life.now });
    }
    while (life.scheduled[0] !== undefined && life.scheduled[0].at <= life.now) life.scheduled.shift()!.run();
  }
  life.now = until;
}

function later(life: Life, at: number, run: () => void): void {
  life.scheduled.push({ at, run });
  life.scheduled.sort((a, b) => a.at - b.at);
}

function decide(life: Life, variant: string, candle: Candle): void {
  const { prng, world } = life;
  const draw = prng.next();
  const action = draw < world.buyShare ? "BUY" : draw < world.buyShare + world.sellShare ? "SELL" : "HOLD";
  const sign = action === "BUY" ? 1 : -1;
  const at = (percent: number) => Math.round(candle.close * (1 + (sign * percent) / 100) * 100) / 100;
  const own = prng.chance(0.3) ? { stop: at(-0.2 - prng.next()), target: at(0.2 + prng.next()) } : undefined;
  const decision: Decision = {
    variant,
    instrument: candle.instrument,
    closeTime: candle.closeTime,
    close: candle.close,
    action,
    score: sign,
    votes: [],
    reason: `${variant} ${candle.instrument} at ${(candle.closeTime - START) / MINUTE_MS}`,
    validUntil: candle.closeTime + MINUTE_MS,
    entryAllowed: true,
    ...own,
  };
  life.decisions.push(decision);
  later(life, life.now + prng.below(4_000), () => deliver(life, { type: "decision", decision, time: life.now }));
}

/** One step of the shell, which may die at any point of it. */
function deliver(life: Life, event: TradeEvent): void {
  const { machine, prng } = life;
  if (machine === undefined) return;
  life.steps += 1;
  const fate = prng.chance(life.crashShare) ? 1 + prng.below(4) : 0;
  if (fate === 1) return crash(life, "before the step");
  if (event.type === "report") life.auditor.heard(event.report);
  life.trace?.push(life.now, () => describeEvent(event));
  const { entry, intents } = machine.step(event);
  if (life.order === "sends_first") {
    perform(life, intents);
    if (fate === 2) return crash(life, "between sending and appending");
    if (entry !== undefined) append(life, entry);
    return;
  }
  if (fate === 2) return crash(life, "before appending");
  if (entry !== undefined) append(life, entry);
  if (event.type === "command") obeyed(life, event.command);
  if (fate >= 3) {
    sameFolded(life);
    if (fate === 4) perform(life, intents.slice(0, prng.below(intents.length + 1)));
    return crash(life, fate === 3 ? "between appending and sending" : "while sending");
  }
  perform(life, intents);
  if (prng.chance(CHECKPOINT_SHARE)) life.checkpoint = { n: machine.state.n, data: life.code.snapshot.snapshotAccount(machine.state) };
}

function obeyed(life: Life, command: Command): void {
  life.auditor.commanded(command);
  if (command.verb === "close") life.closedAt = life.now;
}

function append(life: Life, entry: LedgerEntry): void {
  life.ledger.push(entry);
  life.trace?.push(life.now, () => describeEntry(entry));
  const { state } = life.machine!;
  life.auditor.written(
    entry,
    (instrument) => state.slotsByInstrument.get(instrument)![0]!.lastClose,
    (reason) => life.decisions.find((decision) => decision.reason === reason)!.close,
  );
}

/** Carries intents out; now and then the shell stalls first. */
function perform(life: Life, intents: readonly Intent[]): void {
  if (intents.length === 0) return;
  const stalls = life.crashShare > 0 && life.prng.chance(STALL_SHARE);
  if (!stalls) return send(life, intents);
  const { machine } = life;
  later(life, life.now + life.prng.below(8_000), () => {
    if (life.machine === machine) send(life, intents);
  });
}

function send(life: Life, intents: readonly Intent[]): void {
  for (const intent of intents) {
    if (intent.type === "timer") {
      life.timers.push(Math.max(intent.at, life.now));
      life.timers.sort((a, b) => a - b);
      continue;
    }
    life.trace?.push(life.now, () => describeIntent(intent));
    if (intent.type === "place") life.auditor.sent(intent.order);
    life.link.send(intent, life.now);
  }
}

/** kill -9: the ledger and the venue stay; a new owner comes after a while. */
function crash(life: Life, where: string): void {
  life.trace?.push(life.now, () => `KILLED ${where}`);
  life.crashes += 1;
  life.closedAt = undefined;
  life.machine = undefined;
  life.timers = [];
  life.link.drop();
  later(life, life.now + 1 + life.prng.below(life.prng.chance(0.5) ? 2_000 : 150_000), () => restart(life));
}

function restart(life: Life): void {
  const { code, world, prng, ledger } = life;
  life.link.drop();
  life.auditor.began();
  const machine = code.trade.createTradeMachine(world.plans);
  const from = life.checkpoint !== undefined && prng.chance(0.5) ? life.checkpoint : undefined;
  if (from) code.snapshot.restoreAccount(machine.state, from.data);
  code.trade.foldLedger(machine, ledger.slice(from?.n ?? 0));
  life.machine = machine;
  life.ownerEpoch += 1;
  life.trace?.push(life.now, () => `RESTARTED from ${from ? `a checkpoint at ${from.n} and ` : ""}the ledger`);
  deliver(life, { type: "start", time: life.now, ownerEpoch: life.ownerEpoch + 1 });
  if (prng.chance(0.5)) for (const decision of life.decisions) if (decision.closeTime > life.now - REDELIVERED_MS) deliver(life, { type: "decision", decision, time: life.now });
}

/** The road has been sound for a while: nothing is in doubt, and everything held is protected. */
function healed(life: Life): void {
  const { state } = life.machine!;
  for (const order of state.orders.values())
    if (order.status !== "closed" && (order.certainty === "unknown" || order.request !== "none")) throw new Violation("recovery ends", `${order.spec.leg} …${order.spec.clientId.slice(8)} is ${order.status}, ${order.request}, ${order.certainty}`);
  const account = state.scopes.get("account");
  if (account !== undefined && account.state === "REDUCING") throw new Violation("recovery ends", `account ${account.state}: ${account.reason}`);
  for (const [instrument, slots] of state.slotsByInstrument) {
    const ours = slots.flatMap((slot) => slot.live.map((order) => order.spec.clientId)).sort();
    const theirs = life.venue.book.instruments.get(instrument)!.live.map((order) => order.spec.clientId).sort();
    if (ours.join() !== theirs.join()) throw new Violation("orders are the venue's", `${instrument} ${ours.join()}, at the venue ${theirs.join()}`);
    for (const slot of slots) healedSlot(life, slot);
  }
  life.auditor.settled(state.balances, (instrument) => state.slotsByInstrument.get(instrument)![0]!.position.cost as Exact);
  sameFolded(life);
}

/** What is held is protected, what is not held has no orders, and what was closed is gone. */
function healedSlot(life: Life, slot: Slot): void {
  const { instrument, plan } = slot;
  if (slot.closable === 0n) {
    if (slot.live.length > 0) throw new Violation("nothing rests without a position", `${plan.id} ${instrument.id}`);
    return;
  }
  const entry = [...life.auditor.orders.values()].findLast(({ spec }) => spec.variant === plan.id && spec.instrument === instrument.id && spec.leg === "entry")!;
  const ordered = slot.closing !== undefined || (life.closedAt !== undefined && entry.time < life.closedAt);
  if (ordered) throw new Violation("a close closes", `${plan.id} ${instrument.id} still holds ${slot.position.qty}`);
  if (slot.stop === undefined && entry.spec.protectStop === undefined) return;
  const resting = life.venue.book.instruments.get(instrument.id)!.live;
  const stop = resting.find(({ spec }) => spec.variant === plan.id && spec.leg === "stop");
  const protects = stop !== undefined && stop.quantity - stop.filled === slot.closable && stop.stopPrice === slot.stop;
  if (!protects) throw new Violation("held is protected", `${instrument.id} ${slot.closable} with a stop of ${stop?.quantity ?? "nothing"} at ${stop?.stopPrice}, not ${slot.stop}`);
}

/** Folding the ledger from its start gives the account that wrote it. */
function sameFolded(life: Life): void {
  const { code, world, ledger } = life;
  const machine = code.trade.createTradeMachine(world.plans);
  code.trade.foldLedger(machine, ledger);
  const difference = foldedDifference(code.snapshot.snapshotAccount(life.machine!.state), code.snapshot.snapshotAccount(machine.state));
  if (difference !== undefined) throw new Violation("folding rebuilds the account", difference);
}

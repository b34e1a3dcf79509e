import type { Candle } from "../../src/domain/candle.ts";
import type { Decision } from "../../src/domain/decision.ts";
import type { Money } from "../../src/domain/fixed.ts";
import type { VenueReport } from "../../src/orders/report.ts";
import { createLink, soundLink } from "../../src/sim/link.ts";
import { createPrng } from "../../src/sim/prng.ts";
import { createSimVenue, type SimVenue } from "../../src/sim/venue.ts";
import type { Command } from "../../src/trade/event.ts";
import { Violation } from "./audit.ts";
import { createAuditor } from "./auditor.ts";
import { healed, sameFolded } from "./healing.ts";
import { later, production, type Code, type Life, type ShellOrder } from "./life.ts";
import { append, deliver } from "./shell.ts";
import type { Trace } from "./trace.ts";
import { createPath, drawWorld, joinCandles, MINUTE_MS, START, SUB_MS, SUBS } from "./world.ts";

/** Simulated minutes without faults and without decisions: everything in doubt has to clear up in them. */
const HEALING_MINUTES = 4;
const CLOSING_MINUTES = 4;

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
    for (const slot of variant.slots)
      if (slot.closable !== 0n || slot.live.length > 0)
        throw new Violation("a close closes", `${slot.instrument.id} holds ${slot.position.qty} with ${slot.live.length} orders`);
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
  const venue = createSimVenue({
    instruments: plan.instruments,
    currency: plan.account.currency,
    balance,
    leverage: plan.risk.leverage,
    costs: plan.costs,
    fills: plan.fills,
  });
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
    for (const candle of candles) venue.arrivals(candle, said);
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

import type { LedgerEntry } from "../../src/ledger/entry.ts";
import type { Intent } from "../../src/orders/intent.ts";
import type { Command, TradeEvent } from "../../src/trade/event.ts";
import { sameFolded } from "./healing.ts";
import { later, type Life } from "./life.ts";
import { describeEntry, describeEvent, describeIntent } from "./trace.ts";

const CHECKPOINT_SHARE = 0.01;
const STALL_SHARE = 0.01;
const REDELIVERED_MS = 90_000;

/** One step of the shell, which may die at any point of it. */
export function deliver(life: Life, event: TradeEvent): void {
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

/** Makes an entry durable. */
export function append(life: Life, entry: LedgerEntry): void {
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
  if (prng.chance(0.5))
    for (const decision of life.decisions)
      if (decision.closeTime > life.now - REDELIVERED_MS) deliver(life, { type: "decision", decision, time: life.now });
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ONE, toNumber } from "../src/domain/fixed.ts";
import { positionUnit } from "../src/domain/instrument.ts";
import type { VariantPlan } from "../src/domain/plan.ts";
import type { LedgerEntry } from "../src/ledger/entry.ts";
import { ledgerLines } from "../src/ledger/lines.ts";
import type { Order } from "../src/orders/order.ts";
import type { AccountState, Slot } from "../src/trade/account.ts";
import { createTradeMachine, foldLedger } from "../src/trade/trade.ts";
import { rig, type Rig } from "./support/rig.ts";
import { someRun, someScript } from "./support/random-market.ts";

const BARS = 250;
const seeds = fc.integer();
const runs = { numRuns: 120 };

/** Held and on its way, by the test's own arithmetic, at the last closes. */
function exposure(slot: Slot): number {
  const { kind, multiplier } = slot.instrument;
  const value = (quantity: number) =>
    kind === "inverse" ? (quantity * toNumber(multiplier)) / slot.lastClose : quantity * toNumber(multiplier) * slot.lastClose;
  let sum = value(Math.abs(toNumber(slot.position.qty)));
  for (const order of slot.live) {
    if (order.spec.leg !== "entry") continue;
    sum += order.spec.budget === undefined ? value(toNumber(order.quantity) - toNumber(order.filled)) : toNumber(order.spec.budget);
  }
  return sum;
}

function taken(slot: Slot): boolean {
  const { qty } = slot.position;
  return (qty < 0n ? -qty : qty) >= slot.instrument.step || slot.live.some((order) => order.spec.leg === "entry");
}

/** Limits hold whenever an entry is decided; the count of positions always. */
function watchLimits(plan: VariantPlan, told: { entries: number }) {
  const { maxPositionSize, maxTotalExposure, maxConcurrentPositions } = plan.risk;
  return (entry: LedgerEntry, state: AccountState): void => {
    const { slots } = state.variants.get(plan.id)!;
    if (maxConcurrentPositions !== null && slots.filter(taken).length > maxConcurrentPositions)
      throw new Error(`${slots.filter(taken).length} positions`);
    for (const event of entry.events) {
      if (event.type !== "order_intended" || event.order.leg !== "entry") continue;
      told.entries += 1;
      const own = exposure(slots.find((slot) => slot.instrument.id === event.order.instrument)!);
      const total = slots.reduce((sum, slot) => sum + exposure(slot), 0);
      if (maxPositionSize !== null && own > maxPositionSize * (1 + 1e-9))
        throw new Error(`${own} over max_position_size ${maxPositionSize}`);
      if (maxTotalExposure !== null && total > maxTotalExposure * (1 + 1e-9))
        throw new Error(`${total} over max_total_exposure ${maxTotalExposure}`);
    }
  };
}

/** Postings of the whole ledger by account and unit; each event's own sum is checked on the way. */
function sumPostings(entries: readonly LedgerEntry[]): Map<string, Map<string, bigint>> {
  const sums = new Map<string, Map<string, bigint>>();
  for (const event of entries.flatMap((entry) => entry.events)) {
    if (!("postings" in event)) continue;
    const units = new Map<string, bigint>();
    for (const { account, unit, amount } of event.postings) {
      units.set(unit, (units.get(unit) ?? 0n) + amount);
      const own = sums.get(unit) ?? new Map<string, bigint>();
      sums.set(unit, own.set(account, (own.get(account) ?? 0n) + amount));
      if (account === "residue" && (amount > ONE || amount < -ONE)) throw new Error(`residue of ${amount}e-24`);
    }
    for (const [unit, sum] of units) if (sum !== 0n) throw new Error(`${event.type} leaves ${sum} ${unit}`);
  }
  return sums;
}

function expectBalanced(done: Rig, plan: VariantPlan): void {
  const sums = sumPostings(done.entries);
  for (const own of sums.values()) expect([...own.values()].reduce((a, b) => a + b, 0n)).toBe(0n);
  const { currency } = plan.account;
  expect(done.state.balances.get(currency)).toBe(sums.get(currency)!.get("cash"));
  expect(done.state.balances.get(currency)).toBe(done.venue.book.cash.get(currency));
  expect(done.state.balances.get(currency)! >= 0n).toBe(true);
  for (const instrument of plan.instruments) {
    const slot = done.state.slotsByInstrument.get(instrument.id)![0]!;
    const there = done.venue.book.instruments.get(instrument.id)!;
    expect(slot.position).toEqual(there.position);
    expect(slot.position.qty * ONE).toBe(sums.get(positionUnit(instrument))?.get("position") ?? 0n);
    if (instrument.kind === "spot") expect(slot.position.qty >= 0n).toBe(true);
    // Every live order of ours is one of the venue's, and the other way round.
    expect(slot.live.map((order) => order.spec.clientId)).toEqual(there.live.map((order) => order.spec.clientId));
  }
}

/** An order without the schedule of its look-ups, which is not recorded. */
function known({ nextLookupAt: _, negativeLookups: __, ...order }: Order): object {
  return order;
}

describe("random markets, plans and views through the engine", () => {
  it("keep the limits at every decision, and ledger and venue equal at every close", () => {
    const told = { entries: 0 };
    fc.assert(
      fc.property(seeds, (seed) => {
        let watch: ReturnType<typeof watchLimits> = () => undefined;
        const { done, plan, candles } = someRun(seed, BARS, (entry, state) => watch(entry, state));
        watch = watchLimits(plan, told);
        const step = plan.instruments.length;
        for (let i = 0; i < candles.length; i += step) {
          done.run(candles.slice(i, i + step));
          if (i % (step * 10) === 0) for (const { id } of plan.instruments) done.held(id);
        }
        expectBalanced(done, plan);
      }),
      runs,
    );
    expect(told.entries).toBeGreaterThan(1_000);
  });

  it("are rebuilt by folding the ledger: cash, positions, orders, states, locks", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { done, plan, candles } = someRun(seed, BARS);
        done.run(candles);
        const machine = createTradeMachine([plan]);
        foldLedger(machine, done.entries);
        const folded = machine.state;
        expect([...folded.balances]).toEqual([...done.state.balances]);
        expect(folded.variants.get("v")!.cash).toBe(done.state.variants.get("v")!.cash);
        expect([...folded.orders.values()].map(known)).toEqual([...done.state.orders.values()].map(known));
        expect([...folded.scopes]).toEqual([...done.state.scopes]);
        expect(folded.locks).toEqual(done.state.locks);
        expect(folded.closedTrades).toEqual(done.state.closedTrades);
        for (const [id, [slot]] of folded.slotsByInstrument)
          expect(slot!.position).toEqual(done.state.slotsByInstrument.get(id)![0]!.position);
      }),
      { numRuns: 60 },
    );
  });

  it("go on from a snapshot line for line", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: BARS - 1 }), (seed, cut) => {
        const { done, plan, candles } = someRun(seed, BARS);
        const at = cut * plan.instruments.length;
        done.run(candles.slice(0, at));
        const before = done.entries.length;
        const again = rig(plan, someScript(seed));
        again.engine.restore(done.engine.snapshot());
        const rest = candles.slice(at);
        const lines = (of: Rig, from: number) => of.entries.slice(from).map(ledgerLines);
        expect(lines(again.run(rest), 1)).toEqual(lines(done.run(rest), before));
      }),
      { numRuns: 60 },
    );
  });
});

import { describe, expect, test } from "vitest";
import {
  createCollector,
  createPrng,
  createWallAccount,
  type Candle,
  type Decision,
  type LedgerEntry,
  type VariantPlan,
  type WallAccount,
} from "../src/index.ts";
import { bar, d, decision, flat, instrument, MINUTE, plan, T0 } from "./support/builders.ts";
import { someBars } from "./support/random-market.ts";

const instruments = [
  instrument("spot", { feeIn: "received", takerFee: d("0.001"), minNotional: d("5") }),
  instrument("spot", { id: "ETH-USD", base: "ETH", takerFee: d("0.0007"), makerFee: d("-0.0001"), step: d("0.01"), minQty: d("0.05") }),
];
const trading: VariantPlan = plan(instruments, {
  sizing: { method: "cash_fraction", fraction: 0.4 },
  exits: { stopLossPct: 1, takeProfitPct: 1.5 },
  costs: { spreadBps: 2 },
});

/** What is decided on a close, some of it a while into the next candle. */
function decisionsOn(candles: readonly Candle[], seed: number): { decision: Decision; time: number }[] {
  const prng = createPrng(seed);
  return candles.map(({ instrument: id, closeTime, close }) => {
    const action = prng.chance(0.3) ? "BUY" : prng.chance(0.3) ? "SELL" : "HOLD";
    const own = decision((closeTime - T0) / MINUTE - 1, action, close, { instrument: id });
    return { decision: own, time: closeTime + prng.below(20_000) };
  });
}

/** Works the closes, replacing the account by one made of the ledger (and an older snapshot) wherever `dies` says. */
function run(seed: number, dies: (minute: number) => boolean, snapshots: boolean): { ledger: LedgerEntry[]; account: WallAccount } {
  const ledger: LedgerEntry[] = [];
  const make = (): WallAccount => createWallAccount({ plan: trading, onEntry: (entry) => ledger.push(entry) });
  let account = make();
  account.open("00000001", T0);
  let saved: { state: unknown; entries: number; minute: number } | undefined;
  const all = someBars(createPrng(seed), instruments, 300);
  for (let minute = 0; minute < 300; minute++) {
    const candles = all.slice(minute * 2, minute * 2 + 2);
    const time = candles[0]!.closeTime;
    account.close(time, candles);
    for (const given of decisionsOn(candles, seed * 1_000 + minute)) account.decide(given.decision, given.time);
    if (snapshots && minute % 7 === 0) saved = { state: account.snapshot(), entries: ledger.length, minute };
    if (!dies(minute)) continue;
    const { ownerEpoch } = account.trade.state;
    account = make();
    account.resume(saved?.state, ledger.slice(saved?.entries ?? 0));
    for (const candle of all.slice(((saved?.minute ?? minute - 1) + 1) * 2, (minute + 1) * 2)) account.mark(candle);
    account.start(time + 30_000, ownerEpoch + 1);
  }
  return { ledger, account };
}

const fillsIn = (ledger: readonly LedgerEntry[]) =>
  ledger.flatMap(({ time, events }) =>
    events.flatMap((event) =>
      event.type === "fill"
        ? [{ time, instrument: event.instrument, side: event.side, quantity: event.quantity, price: event.price, fee: event.fee }]
        : [],
    ),
  );

describe("given a paper account on the wall clock whose process dies now and then", () => {
  test.each([1, 2, 3, 4, 5, 6])("seed %i: it fills what it would have filled, with and without a checkpoint", (seed) => {
    const whole = run(seed, () => false, false);
    const prng = createPrng(seed);
    const dying = Array.from({ length: 300 }, () => prng.chance(0.1));
    expect(fillsIn(whole.ledger).length).toBeGreaterThan(30);
    for (const snapshots of [true, false]) {
      const { ledger, account } = run(seed, (minute) => dying[minute]!, snapshots);
      expect(fillsIn(ledger)).toEqual(fillsIn(whole.ledger));
      const names = ledger.flatMap(({ events }) => events.flatMap((event) => (event.type === "fill" ? [event.tradeId] : [])));
      expect(new Set(names).size).toBe(names.length);
      expect(account.trade.state.balances).toEqual(whole.account.trade.state.balances);
      expect(account.venue.book.cash).toEqual(account.trade.state.balances);
      const adopted = ledger.flatMap(({ events }) => events.filter((event) => event.type === "adopted"));
      expect(adopted).toEqual([]);
      expect(account.trade.state.scopes.get("account")?.state ?? "ACTIVE").toBe("ACTIVE");
    }
  });

  test("the stop that rests at the venue fills on the candles it missed", () => {
    const ledger: LedgerEntry[] = [];
    const own = plan([instrument("spot")], { exits: { stopLossPct: 10 } });
    const make = (): WallAccount => createWallAccount({ plan: own, onEntry: (entry) => ledger.push(entry) });
    const first = make();
    first.open("00000001", T0);
    first.close(T0 + MINUTE, [flat(0, 100)]);
    first.decide(decision(0, "BUY", 100), T0 + MINUTE);
    first.close(T0 + 2 * MINUTE, [flat(1, 100)]);
    const second = make();
    second.resume(undefined, [...ledger]);
    second.start(T0 + 60 * MINUTE, 2);
    second.close(T0 + 3 * MINUTE, [bar(2, [100, 100, 80, 85])]);
    expect(fillsIn(ledger).at(-1)).toMatchObject({ side: "SELL", price: d("90"), time: T0 + 3 * MINUTE });
  });

  test("what an order has spent of its budget before is not spent again", () => {
    const ledger: LedgerEntry[] = [];
    const own = plan([instrument("spot")], { sizing: { method: "cash_fraction", fraction: 0.5 }, fills: { maxVolumeShare: 0.5 } });
    const make = (): WallAccount => createWallAccount({ plan: own, onEntry: (entry) => ledger.push(entry) });
    const first = make();
    first.open("00000001", T0);
    first.close(T0 + MINUTE, [flat(0, 100)]);
    const empty = first.snapshot();
    const seen = ledger.length;
    first.decide(decision(0, "BUY", 100), T0 + MINUTE);
    first.close(T0 + 2 * MINUTE, [flat(1, 100, { volume: 60 })]);
    for (const [saved, tail] of [
      [undefined, [...ledger]],
      [empty, ledger.slice(seen)],
      [first.snapshot(), []],
    ] as const) {
      ledger.length = 0;
      const next = make();
      next.resume(saved, tail);
      next.start(T0 + 2 * MINUTE, 2);
      next.close(T0 + 3 * MINUTE, [flat(2, 100)]);
      expect(fillsIn(ledger)).toMatchObject([{ quantity: d("20") }]);
    }
  });

  test("an entry that was recorded and not placed is not placed after its time", () => {
    const ledger: LedgerEntry[] = [];
    const own = plan([instrument("spot")]);
    const make = (): WallAccount => createWallAccount({ plan: own, onEntry: (entry) => ledger.push(entry) });
    const first = make();
    first.open("00000001", T0);
    first.close(T0 + MINUTE, [flat(0, 100)]);
    first.decide(decision(0, "BUY", 100), T0 + MINUTE);
    const upToIntent = ledger.slice(0, ledger.findIndex(({ events }) => events.some(({ type }) => type === "order_intended")) + 1);
    for (const [late, fills] of [
      [1_000, 1],
      [60_000, 0],
    ] as const) {
      ledger.splice(0, ledger.length, ...upToIntent);
      const next = make();
      next.resume(undefined, upToIntent);
      next.start(T0 + MINUTE + late, 2);
      next.close(T0 + 3 * MINUTE, [flat(2, 100)]);
      expect(fillsIn(ledger)).toHaveLength(fills);
    }
  });
});

describe("given candles of several instruments on the wall clock", () => {
  const at = (i: number, id: string): Candle => flat(i, 100, { instrument: id });

  test("a close is released when all have reached it, or when it has waited long enough", () => {
    const collector = createCollector(["a", "b"], 500);
    collector.candle(at(0, "b"), 1_000);
    expect(collector.take(1_400)).toBeUndefined();
    expect(collector.dueAt()).toBe(1_500);
    collector.candle(at(0, "a"), 1_400);
    expect(collector.take(1_400)!.candles.map((candle) => candle.instrument)).toEqual(["a", "b"]);
    collector.candle(at(1, "a"), 2_000);
    expect(collector.take(2_499)).toBeUndefined();
    expect(collector.take(2_500)!.candles.map((candle) => candle.instrument)).toEqual(["a"]);
    collector.candle(at(1, "b"), 3_000);
    expect(collector.take(3_000)!.candles.map((candle) => candle.instrument)).toEqual(["b"]);
    expect(collector.take(3_000)).toBeUndefined();
  });

  test("a gap counts as having reached it", () => {
    const collector = createCollector(["a", "b"], 500);
    collector.candle(at(0, "a"), 0);
    collector.gap("b", at(0, "b").closeTime);
    expect(collector.take(0)?.time).toBe(at(0, "a").closeTime);
  });
});

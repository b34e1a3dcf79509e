import { describe, expect, it } from "vitest";
import type { ProtectionPlan } from "../src/domain/plan.ts";
import { protections } from "../src/risk/protections/registry.ts";
import type { ClosedTrade } from "../src/trade/account.ts";
import { bar, d, flat, instrument, MINUTE, plan, T0 } from "./support/builders.ts";
import { rig, says, type Rig } from "./support/rig.ts";

const btc = instrument("spot");
const eth = instrument("spot", { id: "ETH-USD", base: "ETH" });
const rule = (kind: string, over: Partial<ProtectionPlan> = {}): ProtectionPlan => ({
  kind,
  lookbackMs: 60 * MINUTE,
  lockMs: 10 * MINUTE,
  count: 1,
  limitPct: 0,
  ...over,
});
const trade = (pnl: number, over: Partial<ClosedTrade> = {}): ClosedTrade => ({
  variant: "v",
  instrument: "BTC-USD",
  time: T0,
  pnl,
  leg: "close",
  ...over,
});
const judge = (plan: ProtectionPlan, trades: ClosedTrade[], equity = 10_000) =>
  protections[plan.kind]!.judge({ plan, trades, equity })?.instrument ?? "none";

describe("cooldown", () => {
  it("locks the instrument of the trade that has just closed, whatever it earned", () => {
    expect(judge(rule("cooldown"), [trade(5), trade(9, { instrument: "ETH-USD" })])).toBe("ETH-USD");
    expect(judge(rule("cooldown"), [])).toBe("none");
  });
});

describe("stoploss_guard", () => {
  const stopped = trade(-5, { leg: "stop" });
  it.each([
    ["two stop-outs of two", [stopped, stopped], "*"],
    ["a stop-out and a liquidation", [stopped, trade(-9, { leg: "liquidation" })], "*"],
    ["one of two", [stopped, trade(-5)], "none"],
    ["two, and then a win: that prolongs nothing", [stopped, stopped, trade(5)], "none"],
    ["a stop that was moved into profit is no stop-out", [stopped, trade(5, { leg: "stop" })], "none"],
  ])("%s", (_name, trades, lock) => {
    expect(judge(rule("stoploss_guard", { count: 2 }), trades)).toBe(lock);
  });
});

describe("max_drawdown", () => {
  const tenth = rule("max_drawdown", { count: 2, limitPct: 10 });
  it.each([
    // Equity after the trades; the level before them is equity less their sum.
    ["-500, -500 from 10000: a tenth", [-500, -500], 9_000, "*"],
    ["-500, -499 from 10000: just less", [-500, -499], 9_001, "none"],
    ["+1000 then -1099 from 10000: 9.99 % of 11000", [1_000, -1_099], 9_901, "none"],
    ["+1000 then -1100 from 10000: a tenth of 11000", [1_000, -1_100], 9_900, "*"],
    ["-1000 then +5000: the fall counts from the peak it fell from, not from a later one", [-1_000, 5_000], 14_000, "*"],
    ["too few trades", [-5_000], 5_000, "none"],
    ["nothing left", [-5_000, -5_000], 0, "*"],
    ["gains alone", [10, 10], 10_020, "none"],
  ])("%s", (_name, results, equity, lock) => {
    expect(
      judge(
        tenth,
        results.map((pnl) => trade(pnl)),
        equity,
      ),
    ).toBe(lock);
  });
});

describe("low_profit", () => {
  const least = rule("low_profit", { count: 2, limitPct: 1 });
  it.each([
    ["99 of 10000 is under one percent", [40, 59], "BTC-USD"],
    ["100 of 10000 is not", [40, 60], "none"],
    ["too few trades", [-900], "none"],
  ])("%s", (_name, results, lock) => {
    expect(
      judge(
        least,
        results.map((pnl) => trade(pnl)),
      ),
    ).toBe(lock);
  });

  it("looks at the instrument's own trades", () => {
    const others = [trade(-500, { instrument: "ETH-USD" }), trade(-500, { instrument: "ETH-USD" })];
    expect(judge(least, [...others, trade(60), trade(60)])).toBe("none");
    expect(judge(least, [trade(60), trade(60), ...others])).toBe("ETH-USD");
  });
});

/** Buys at 100 on both instruments as `letters` say; a bar of "s" in `bars` falls through the stop at 95. */
function traded(letters: string, bars: string, kinds: readonly ProtectionPlan[], on = btc.id): Rig {
  const done = rig(
    plan([btc, eth], { protections: kinds, exits: { stopLossPct: 5 }, sizing: { method: "quantity", quantity: 1 } }),
    says(letters),
  );
  return done.run(
    [...bars].map((letter, i) => (letter === "s" ? bar(i, [100, 100, 90, 100], { instrument: on }) : flat(i, 100, { instrument: on }))),
  );
}

describe("a lock", () => {
  it("denies entries until its time and no longer", () => {
    // Bought at 1, stopped in 2 (closes at minute 3): locked until minute 6. Decisions of bars 2 to 4 are early; 5 is not.
    const done = traded("B-BBBB", "..s....", [rule("cooldown", { lockMs: 3 * MINUTE })]);
    expect(done.events("lock")).toMatchObject([{ instrument: btc.id, until: T0 + 6 * MINUTE, reason: "cooldown: cooldown after a trade" }]);
    expect(done.denials()).toEqual(["LOCKED", "LOCKED", "LOCKED"]);
    expect(done.fills()).toEqual(["BUY 1 @ 100 entry", "SELL 1 @ 95 stop", "BUY 1 @ 100 entry"]);
  });

  it("of one instrument leaves the others alone, of all does not", () => {
    const entered = (kind: string) => {
      const done = traded("B--", "..s", [rule(kind)]);
      done.engine.account.decide({ ...decisionOn(eth.id, 2), action: "BUY" }, T0 + 3 * MINUTE);
      return done.denials();
    };
    expect([entered("cooldown"), entered("stoploss_guard")]).toEqual([[], ["LOCKED"]]);
  });

  it("lets what is held be closed", () => {
    const done = rig(plan([btc, eth], { protections: [rule("stoploss_guard")], exits: { stopLossPct: 5 } }), says("B--S"));
    const pair = (i: number, low: number) => [bar(i, [100, 100, low, 100]), flat(i, 100, { instrument: eth.id })];
    done.run([...pair(0, 100), ...pair(1, 100), ...pair(2, 90), ...pair(3, 100), ...pair(4, 100)]);
    expect(done.events("lock")).toHaveLength(1);
    expect(done.held(eth.id)).toBe(0);
    expect(done.denials()).toEqual([]);
  });

  it("looks back no further than its window", () => {
    // Stop-outs close at minutes 3 and 6.
    const two = (lookbackMs: number) =>
      traded("B--B---", "..s..s.", [rule("stoploss_guard", { count: 2, lookbackMs })]).events("lock").length;
    expect([two(3 * MINUTE), two(3 * MINUTE + 1)]).toEqual([0, 1]);
  });

  it("is told by the ledger, and kept in a snapshot", () => {
    const done = traded("B-B", "..s", [rule("cooldown")]);
    const again = rig(plan([btc, eth], { protections: [rule("cooldown")], exits: { stopLossPct: 5 } }), says("----B"));
    again.engine.restore(done.engine.snapshot());
    again.run([flat(4, 100)]);
    expect(again.denials()).toEqual(["LOCKED"]);
  });

  it("a rebate does not turn a stop-out into none", () => {
    const rebated = { ...btc, takerFee: d<never>("-0.0001") };
    const done = rig(plan([rebated], { protections: [rule("stoploss_guard")], exits: { stopLossPct: 5 } }), says("B"));
    done.run([flat(0, 100), flat(1, 100), bar(2, [100, 100, 90, 100])]);
    expect(done.state.closedTrades.map(({ pnl }) => pnl)).toEqual([-5 + 0.01 + 0.0095]);
    expect(done.events("lock")).toHaveLength(1);
  });
});

function decisionOn(instrument: string, i: number) {
  const closeTime = T0 + (i + 1) * MINUTE;
  return {
    variant: "v",
    instrument,
    closeTime,
    close: 100,
    action: "HOLD" as const,
    score: 0,
    votes: [],
    reason: "",
    validUntil: closeTime,
    entryAllowed: true,
  };
}

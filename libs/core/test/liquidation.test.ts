import { describe, expect, it } from "vitest";
import type { Candle } from "../src/domain/candle.ts";
import { exactToNumber, toNumber, type Exact } from "../src/domain/fixed.ts";
import { bar, d, flat, instrument, plan, x } from "./support/builders.ts";
import { rig, says, type Rig } from "./support/rig.ts";

const linear = instrument("linear");
const inverse = instrument("inverse", { multiplier: d("100"), step: d("1"), minQty: d("1") });
/** 1 contract at 100 of a balance of 10000; leverage 10, maintenance .005: margin 10 (linear) or .1 (100 USD, inverse). */
const one = { sizing: { method: "quantity", quantity: 1 } as const, risk: { leverage: 10 } };

function opened(contract: typeof linear, side: "B" | "S", rest: Candle[], exits = {}): Rig {
  const on = { instrument: contract.id };
  const done = rig(plan([contract], { ...one, exits }), says(side));
  return done.run([flat(0, 100, on), ...rest.map((candle) => ({ ...candle, ...on }))]);
}

/** What the account has lost; ledger and venue agree on it. */
function loss(done: Rig): number {
  return exactToNumber((x("10000") - x(done.cash())) as Exact);
}

describe("liquidation", () => {
  it.each([
    ["linear long", linear, "B", bar(1, [100, 101, 90.45, 99]), 10], // 90 / .995 = 90.452
    ["linear short", linear, "S", bar(1, [100, 109.46, 99, 100]), 10], // 110 / 1.005 = 109.453
    ["inverse long", inverse, "B", bar(1, [100, 101, 91.36, 99]), 0.1], // 100.5 / 1.1 = 91.364
    ["inverse short", inverse, "S", bar(1, [100, 110.56, 99, 100]), 0.1], // 99.5 / .9 = 110.556
  ] as const)(
    "%s is taken inside the bar that reaches it: the margin is lost, the variant is HALTED",
    (_name, contract, side, candle, lost) => {
      const done = opened(contract, side, [candle]);
      expect(done.events("fill").map((fill) => fill.leg)).toEqual(["entry", "liquidation"]);
      expect(loss(done)).toBeCloseTo(lost, 10);
      expect(done.held()).toBe(0);
      expect(done.events("state").map(({ scope, state }) => [scope, state])).toEqual([["variant:v", "HALTED"]]);
      expect(done.state.closedTrades.map(({ leg }) => leg)).toEqual(["liquidation"]);
    },
  );

  it.each([
    ["linear long", linear, "B", bar(1, [100, 101, 90.46, 99])],
    ["linear short", linear, "S", bar(1, [100, 109.45, 99, 100])],
    ["inverse long", inverse, "B", bar(1, [100, 101, 91.37, 99])],
    ["inverse short", inverse, "S", bar(1, [100, 110.55, 99, 100])],
  ] as const)("%s survives a tick short of it", (_name, contract, side, candle) => {
    const done = opened(contract, side, [candle]);
    expect(done.events("fill").map((fill) => fill.leg)).toEqual(["entry"]);
    expect(done.events("state")).toEqual([]);
  });

  it.each([
    ["linear long", linear, "B", flat(2, 20), 10],
    ["linear short", linear, "S", flat(2, 1000), 10],
    ["inverse long", inverse, "B", flat(2, 5), 0.1],
    ["inverse short", inverse, "S", flat(2, 5000), 0.1],
  ] as const)(
    "%s gapped far beyond it loses the margin and not a unit more, with and without a stop",
    (_name, contract, side, candle, lost) => {
      for (const exits of [{}, { stopLossPct: 5 }]) {
        const done = opened(contract, side, [flat(1, 100), candle], exits);
        expect(done.events("fill").at(-1)!.leg).toBe("liquidation");
        expect(loss(done)).toBeCloseTo(lost, 10);
        expect(loss(done)).toBeLessThanOrEqual(lost);
        expect(done.venue.book.instruments.get(contract.id)!.live).toEqual([]);
        expect(done.events("state").map(({ state }) => state)).toEqual(["HALTED"]);
      }
    },
  );

  it.each([
    ["linear long", linear, "B", bar(2, [100, 100, 80, 85]), "SELL 1 @ 95 stop", 5],
    ["linear short", linear, "S", bar(2, [100, 120, 100, 115]), "BUY 1 @ 105 stop", 5],
    ["inverse long", inverse, "B", bar(2, [100, 100, 80, 85]), "SELL 1 @ 95 stop", 100 / 95 - 1],
    ["inverse short", inverse, "S", bar(2, [100, 120, 100, 115]), "BUY 1 @ 105 stop", 1 - 100 / 105],
  ] as const)("%s: a stop before the liquidation price, in the same bar, wins", (_name, contract, side, candle, exit, lost) => {
    const done = opened(contract, side, [flat(1, 100), candle], { stopLossPct: 5 });
    expect(done.fills().at(-1)).toBe(exit);
    expect(loss(done)).toBeCloseTo(lost, 9);
    expect(done.events("state")).toEqual([]);
  });

  it("a stop beyond the liquidation price does not: the price comes past the liquidation first", () => {
    const done = opened(linear, "B", [flat(1, 100), bar(2, [100, 100, 80, 85])], { stopLossPct: 9.9 });
    expect(done.events("fill").at(-1)!.leg).toBe("liquidation");
    expect(loss(done)).toBe(10);
  });

  it("comes before an exit that arrives late in the same bar, at a price beyond it", () => {
    const on = { instrument: linear.id };
    const own = plan([linear], { ...one, fills: { latencyMs: 30_000 } });
    // Bought at bar 1; sold late in bar 4, half way from 100 to 60: beyond 90.45.
    const done = rig(own, says("B--S"))
      .run([0, 1, 2, 3].map((i) => flat(i, 100, on)))
      .run([bar(4, [100, 100, 60, 70], on)]);
    expect(done.fills()).toEqual(["BUY 1 @ 100 entry", "SELL 1 @ 90 liquidation"]);
  });

  it("a target in the same bar as liquidation is not reached", () => {
    const done = opened(linear, "B", [flat(1, 100), bar(2, [100, 130, 80, 120])], { takeProfitPct: 10 });
    expect(done.events("fill").at(-1)!.leg).toBe("liquidation");
  });

  it("with all funds as margin, fees paid and the price gone, leaves nothing and owes nothing", () => {
    const dear = { ...linear, takerFee: d<never>("0.001") };
    const on = { instrument: dear.id };
    const own = plan([dear], { sizing: { method: "cash_fraction", fraction: 1 }, risk: { leverage: 10 } });
    const done = rig(own, says("B")).run([flat(0, 100, on), flat(1, 100, on), flat(2, 1, on)]);
    // 10000 = N (.1 + .001): N = 99009.9, whole steps 990.099 contracts; margin 9900.99, fee 99.0099.
    expect(done.fills()).toEqual(["BUY 990.099 @ 100 entry", "SELL 990.099 @ 90 liquidation"]);
    expect(done.cash()).toBe("0.0001");
  });

  it("a halted variant does not enter again, and does once a person resumes it", () => {
    const on = { instrument: linear.id };
    const done = rig(plan([linear], one), says("BHBB")).run([flat(0, 100, on), flat(1, 100, on), flat(2, 50, on)]);
    expect(done.denials()).toEqual(["STATE_HALTED"]);
    done.engine.account.trade.step({ type: "command", time: flat(2, 1).closeTime, command: { verb: "resume", variant: "v", by: "ada" } });
    done.run([flat(3, 50, on), flat(4, 50, on)]);
    expect(done.fills().at(-1)).toBe("BUY 1 @ 50 entry");
  });

  it("withdraws an entry that has filled in part: a halted variant does not grow", () => {
    const on = { instrument: linear.id, volume: 1 };
    const own = plan([linear], { sizing: { method: "quantity", quantity: 5 }, risk: { leverage: 10 }, fills: { maxVolumeShare: 1 } });
    const done = rig(own, says("B")).run([flat(0, 100, on), flat(1, 100, on), flat(2, 50, on), flat(3, 50, on)]);
    expect(done.fills()).toEqual(["BUY 1 @ 100 entry", "SELL 1 @ 90 liquidation"]);
    expect(done.held()).toBe(0);
  });

  it("uses the margin the venue asks for, not more leverage than it gives", () => {
    // Leverage 50 alone would liquidate at 98.5; with the venue's 10 % it is 90.45.
    const strict = { ...linear, initialMargin: d<never>("0.1") };
    const on = { instrument: strict.id };
    const done = rig(plan([strict], { ...one, risk: { leverage: 50 } }), says("B")).run([
      flat(0, 100, on),
      flat(1, 100, on),
      bar(2, [100, 100, 95, 95], on),
    ]);
    expect(done.held()).toBe(1);
    done.run([bar(3, [95, 95, 90, 92], on)]);
    expect(toNumber(done.events("fill").at(-1)!.price)).toBe(90);
  });

  it("happens at the very price", () => {
    // Without a maintenance margin the liquidation price is the bankruptcy price: 80 at leverage 5.
    const contract = { ...linear, maintenanceMargin: d<never>("0") };
    const on = { instrument: contract.id };
    const done = rig(plan([contract], { ...one, risk: { leverage: 5 } }), says("B")).run([flat(0, 100, on), flat(1, 100, on)]);
    expect(done.run([bar(2, [100, 100, 80.01, 90], on)]).held()).toBe(1);
    expect(done.run([bar(3, [90, 100, 80, 90], on)]).held()).toBe(0);
  });

  it("never touches spot or a linear long without leverage", () => {
    for (const kind of ["spot", "linear"] as const) {
      const held = instrument(kind);
      const on = { instrument: held.id };
      const done = rig(plan([held]), says("B")).run([flat(0, 100, on), flat(1, 100, on), flat(2, 0.01, on)]);
      expect(done.held()).toBe(1);
    }
  });
});

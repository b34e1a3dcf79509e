import { describe, expect, it } from "vitest";
import type { Candle } from "../src/domain/candle.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import { bar, d, flat, instrument, plan } from "./support/builders.ts";
import { buy, rig, says, sell, type Rig, type Script } from "./support/rig.ts";

const spot = instrument("spot");
const linear = instrument("linear");

describe("the opposite view", () => {
  /** Bars that stand still, a unit higher each. */
  const rising = (on: Instrument, letters: string): Rig =>
    rig(plan([on]), says(letters)).run([0, 1, 2, 3, 4].map((i) => flat(i, 100 + i, { instrument: on.id })));

  it("closes spot and stays flat, closes a contract and turns it", () => {
    expect(rising(spot, "B-S").fills()).toEqual(["BUY 1 @ 101 entry", "SELL 1 @ 103 close"]);
    expect(rising(linear, "B-S").fills()).toEqual(["BUY 1 @ 101 entry", "SELL 1 @ 103 close", "SELL 1 @ 103 entry"]);
  });

  it("of spot without a position is nothing, not even a denial", () => {
    const done = rising(spot, "SS-S");
    expect([done.entries.length, done.denials()]).toEqual([1, []]);
  });
});

describe("candles that are not live", () => {
  const origins = (origin: Candle["origin"], letters: string, on: Instrument): Rig => {
    const done = rig(plan([on]), says(letters));
    // Live until there is a position, when the letters open one.
    return done.run([0, 1, 2, 3, 4].map((i) => flat(i, 100, { instrument: on.id, origin: i < 2 ? "live" : origin })));
  };

  it.each(["backfill", "warmup"] as const)("of %s lead to no entry, long or short", (origin) => {
    expect(origins(origin, "--BBB", spot).fills()).toEqual([]);
    expect(origins(origin, "--SSS", linear).fills()).toEqual([]);
    expect(origins(origin, "--BBB", spot).denials()).toEqual(["NOT_LIVE", "NOT_LIVE", "NOT_LIVE"]);
  });

  it.each(["backfill", "warmup"] as const)("of %s close what is held, and do not turn it", (origin) => {
    expect(origins(origin, "B-S", linear).fills()).toEqual(["BUY 1 @ 100 entry", "SELL 1 @ 100 close"]);
    const short: Script = (candle) => (candle.origin === "live" ? sell() : buy());
    const done = rig(plan([linear]), short).run(
      [0, 1, 2, 3, 4].map((i) => flat(i, 100, { instrument: linear.id, origin: i < 2 ? "live" : origin })),
    );
    expect(done.fills()).toEqual(["SELL 1 @ 100 entry", "BUY 1 @ 100 close"]);
  });
});

describe("dust", () => {
  // Fee of .0015 from what is bought: of 1 there are .9985 left, of which .998 can be sold and .0005 cannot.
  const received = { ...spot, feeIn: "received" as const, takerFee: d<never>("0.0015"), makerFee: d<never>("0.0015") };

  it("below a step counts as flat, and the next entry works with exits of its own", () => {
    const done = rig(plan([received], { exits: { stopLossPct: 5 } }), says("B-SB"));
    done.run([...[0, 1, 2, 3].map((i) => flat(i, 100)), bar(4, [100, 101, 94, 96])]);
    expect(done.fills()).toEqual(["BUY 1 @ 100 entry", "SELL 0.998 @ 100 close", "BUY 1 @ 100 entry", "SELL 0.999 @ 95 stop"]);
    // .0005 and .0005 of dust make a whole step that the second sale takes along.
    expect(done.held()).toBe(0);
    expect(done.state.closedTrades).toHaveLength(2);
  });

  it("is no position to count, to trail or to sell", () => {
    const limited = plan([received], { exits: { trailingStopPct: 10 }, risk: { maxConcurrentPositions: 1 } });
    const done = rig(limited, says("B-S-SB")).run([0, 1, 2, 3, 4, 5, 6].map((i) => flat(i, 100)));
    expect(done.fills()).toEqual(["BUY 1 @ 100 entry", "SELL 0.998 @ 100 close", "BUY 1 @ 100 entry"]);
    expect(done.denials()).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import type { ExitPlan } from "../src/domain/plan.ts";
import { formatFixed } from "../src/domain/fixed.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import { bar, d, flat, instrument, plan } from "./support/builders.ts";
import { buy, hold, rig, says, type Rig, type Script } from "./support/rig.ts";

type Prices = readonly [open: number, high: number, low: number, close: number];

const spot = instrument("spot");
const linear = instrument("linear");

/** Says `script` over the bars; entries are decided on bar 0, which closes at 100, and filled at the open of bar 1. */
function run(exits: Partial<ExitPlan>, script: Script | string, prices: readonly Prices[], on: Instrument = spot): Rig {
  const done = rig(plan([on], { exits }), typeof script === "string" ? says(script) : script);
  return done.run([flat(0, 100, { instrument: on.id }), ...prices.map((row, i) => bar(i + 1, row, { instrument: on.id }))]);
}
const exits = (done: Rig) => done.fills().slice(1);

describe("stop and target", () => {
  it.each<[string, Partial<ExitPlan>, "B" | "S", Prices[], string[]]>([
    [
      "a stop is a distance from the close decided on, not from the fill",
      { stopLossPct: 5 },
      "B",
      [[98, 99, 95, 97]],
      ["SELL 1 @ 95 stop"],
    ],
    ["a stop a tick off is not reached", { stopLossPct: 5 }, "B", [[98, 99, 95.01, 97]], []],
    ["a stop holds in the bar of the entry", { stopLossPct: 5 }, "B", [[100, 120, 90, 119]], ["SELL 1 @ 95 stop"]],
    ["a target is sold at its price", { takeProfitPct: 4 }, "B", [[100, 104, 99, 103]], ["SELL 1 @ 104 target"]],
    [
      "a gap over the target earns it",
      { takeProfitPct: 4 },
      "B",
      [
        [100, 101, 99, 101],
        [107, 108, 100, 101],
      ],
      ["SELL 1 @ 107 target"],
    ],
    [
      "a gap through the stop pays it",
      { stopLossPct: 5 },
      "B",
      [
        [100, 101, 99, 100],
        [91, 99, 90, 98],
      ],
      ["SELL 1 @ 91 stop"],
    ],
    ["both in one bar: the stop", { stopLossPct: 5, takeProfitPct: 4 }, "B", [[100, 110, 90, 108]], ["SELL 1 @ 95 stop"]],
    ["an entry that opens under its stop is sold at once", { stopLossPct: 5 }, "B", [[94, 110, 93, 108]], ["SELL 1 @ 94 stop"]],
    ["a short's stop lies above", { stopLossPct: 5 }, "S", [[100, 105, 99, 104]], ["BUY 1 @ 105 stop"]],
    ["a short's target lies below", { takeProfitPct: 4 }, "S", [[100, 101, 96, 97]], ["BUY 1 @ 96 target"]],
    [
      "a short's gap over the stop",
      { stopLossPct: 5 },
      "S",
      [
        [100, 101, 99, 100],
        [112, 113, 111, 112],
      ],
      ["BUY 1 @ 112 stop"],
    ],
    [
      "neither: still held",
      { stopLossPct: 5, takeProfitPct: 4 },
      "B",
      [
        [100, 103, 96, 100],
        [100, 103.99, 95.01, 100],
      ],
      [],
    ],
  ])("%s", (_name, rules, letter, prices, expected) => {
    expect(exits(run(rules, letter, prices, letter === "S" ? linear : spot))).toEqual(expected);
  });

  it("asked for by the strategy go before the variant's own", () => {
    const script: Script = (candle) =>
      candle.close === 100 && candle.open === 100 && candle.high === 100 ? buy({ stop: 98.5, target: 101.25 }) : hold;
    expect(exits(run({ stopLossPct: 5, takeProfitPct: 9 }, script, [[100, 101, 98.5, 99]]))).toEqual(["SELL 1 @ 98.5 stop"]);
    expect(exits(run({ stopLossPct: 5, takeProfitPct: 9 }, script, [[100, 101.25, 99, 101]]))).toEqual(["SELL 1 @ 101.25 target"]);
  });

  it("rest on the tick", () => {
    const coarse = { ...spot, tick: d<never>("0.25") };
    const done = run({ stopLossPct: 3.3, takeProfitPct: 3.4 }, "B", [[100, 100, 99, 100]], coarse);
    // 96.7 and 103.4 are nearest to 96.75 and 103.5.
    expect(
      [...done.state.orders.values()].flatMap(({ spec }) =>
        spec.leg === "entry" ? [] : [formatFixed(spec.stopPrice ?? spec.limitPrice!)],
      ),
    ).toEqual(["96.75", "103.5"]);
  });

  it("cancel each other: after the target the stop is gone and the next trade has its own", () => {
    const done = run({ stopLossPct: 5, takeProfitPct: 4 }, "B--B", [
      [100, 101, 99, 100],
      [100, 105, 99, 104],
      [100, 100, 100, 100],
      [100, 101, 94, 96],
    ]);
    expect(done.fills()).toEqual(["BUY 1 @ 100 entry", "SELL 1 @ 104 target", "BUY 1 @ 100 entry", "SELL 1 @ 95 stop"]);
    expect(done.venue.book.instruments.get(spot.id)!.live).toEqual([]);
  });
});

describe("trailing stop", () => {
  it.each<[string, Partial<ExitPlan>, "B" | "S", Prices[], string[]]>([
    // Trails 10 % below the best high; the stop after a bar holds from the next one on.
    ["starts below the close decided on", { trailingStopPct: 10 }, "B", [[100, 100, 90, 95]], ["SELL 1 @ 90 stop"]],
    [
      "follows the high of each bar",
      { trailingStopPct: 10 },
      "B",
      [
        [100, 120, 100, 118],
        [118, 119, 107.99, 110],
      ],
      ["SELL 1 @ 108 stop"],
    ],
    [
      "not within the bar that made the high",
      { trailingStopPct: 10 },
      "B",
      [
        [100, 120, 100, 118],
        [118, 118, 108.01, 109],
      ],
      [],
    ],
    [
      "never goes back",
      { trailingStopPct: 10 },
      "B",
      [
        [100, 120, 100, 118],
        [118, 118, 110, 111],
        [111, 112, 107, 108],
      ],
      ["SELL 1 @ 108 stop"],
    ],
    ["the tighter of a fixed and a trailing one", { trailingStopPct: 10, stopLossPct: 5 }, "B", [[100, 104, 95, 96]], ["SELL 1 @ 95 stop"]],
    [
      "takes over from the fixed one once it is better",
      { trailingStopPct: 10, stopLossPct: 5 },
      "B",
      [
        [100, 110, 99, 109],
        [109, 109, 98.99, 99],
      ],
      ["SELL 1 @ 99 stop"],
    ],
    [
      "never looser than the fixed one",
      { trailingStopPct: 10, stopLossPct: 5 },
      "B",
      [
        [100, 104, 99, 100],
        [100, 100, 94, 96],
      ],
      ["SELL 1 @ 95 stop"],
    ],
    [
      "gapped through",
      { trailingStopPct: 10 },
      "B",
      [
        [100, 120, 100, 118],
        [101, 102, 100, 101],
      ],
      ["SELL 1 @ 101 stop"],
    ],
    [
      "of a short follows the low",
      { trailingStopPct: 10 },
      "S",
      [
        [100, 101, 80, 82],
        [82, 88, 81, 87],
      ],
      ["BUY 1 @ 88 stop"],
    ],
    [
      "of a short never goes back",
      { trailingStopPct: 10 },
      "S",
      [
        [100, 101, 80, 82],
        [82, 87.99, 85, 87],
        [87, 88.5, 86, 87],
      ],
      ["BUY 1 @ 88 stop"],
    ],
  ])("%s", (_name, rules, letter, prices, expected) => {
    expect(exits(run(rules, letter, prices, letter === "S" ? linear : spot))).toEqual(expected);
  });

  it("forgets the best price of the trade before", () => {
    const done = run({ trailingStopPct: 10 }, "B--B", [
      [100, 200, 100, 190],
      [150, 150, 100, 100],
      [100, 100, 100, 100],
      [100, 101, 91, 95],
      [95, 96, 90.89, 92],
    ]);
    expect(done.fills()).toEqual(["BUY 1 @ 100 entry", "SELL 1 @ 150 stop", "BUY 1 @ 100 entry", "SELL 1 @ 90.9 stop"]);
  });
});

describe("max_hold", () => {
  it.each([
    // Filled at the open of bar 1; the close of bar n is the n-th since, the sale at the next open.
    [1, "SELL 1 @ 102 close"],
    [2, "SELL 1 @ 103 close"],
    [3, "SELL 1 @ 104 close"],
  ])("of %d closes sells at the open after them", (maxHoldCloses, sale) => {
    const done = run(
      { maxHoldCloses },
      "B",
      [101, 102, 103, 104, 105].map((price): Prices => [price, price, price, price]),
    );
    expect(done.fills()).toEqual(["BUY 1 @ 101 entry", sale]);
  });

  it("counts each trade from its own entry", () => {
    const done = run(
      { maxHoldCloses: 2 },
      "B--B",
      [101, 102, 103, 104, 105, 106, 107].map((price): Prices => [price, price, price, price]),
    );
    expect(done.fills()).toEqual(["BUY 1 @ 101 entry", "SELL 1 @ 103 close", "BUY 1 @ 104 entry", "SELL 1 @ 106 close"]);
  });

  it("withdraws the resting stop before it sells", () => {
    const done = run({ maxHoldCloses: 1, stopLossPct: 5 }, "B", [
      [101, 101, 101, 101],
      [90, 90, 90, 90],
    ]);
    expect(exits(done)).toEqual(["SELL 1 @ 90 close"]);
    expect(done.held()).toBe(0);
  });
});

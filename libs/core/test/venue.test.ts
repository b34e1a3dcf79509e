import { describe, expect, it } from "vitest";
import type { Money, Price, Qty } from "../src/domain/fixed.ts";
import { bar, d, flat, instrument, MINUTE, order, T0 } from "./support/builders.ts";
import { venueDesk } from "./support/venue-desk.ts";

const spot = instrument("spot");
const buyStop = (clientId: string, price: string) => order(clientId, "BUY", 1, { type: "stop", stopPrice: d<Price>(price) });
const sellStop = (clientId: string, price: string, over = {}) =>
  order(clientId, "SELL", 1, { leg: "stop", type: "stop", stopPrice: d<Price>(price), reduceOnly: true, group: "g", ...over });
const sellLimit = (clientId: string, price: string, over = {}) =>
  order(clientId, "SELL", 1, { leg: "target", type: "limit", limitPrice: d<Price>(price), reduceOnly: true, group: "g", ...over });

/** A desk that holds 1 unit bought at 100. */
function holding(options: Parameters<typeof venueDesk>[1] = {}, over = {}): ReturnType<typeof venueDesk> {
  const desk = venueDesk({ ...spot, ...over }, options);
  desk.place(order("entry", "BUY", 1), T0 - MINUTE);
  desk.venue.open(flat(0, 100), []);
  desk.said();
  return desk;
}

describe("a market order", () => {
  it("fills whole at the next first price", () => {
    const desk = venueDesk(spot);
    desk.place(order("a", "BUY", 2));
    expect(desk.said()).toEqual([]);
    desk.match(bar(0, [101, 110, 90, 105]));
    expect(desk.said()).toEqual(["fill a BUY 2 @ 101 fee 0 USD taker", "closed a filled"]);
    expect([desk.cash(), desk.held()]).toEqual([99_798, 2]);
  });

  it("placed after the open waits for the next one", () => {
    const desk = venueDesk(spot);
    desk.place(order("a", "BUY", 1), T0 + 1);
    desk.venue.open(flat(0, 100), []);
    expect(desk.held()).toBe(0);
  });

  it.each([
    // side, share of the bar waited, price by hand
    ["BUY", 0.25, 102.5, "100 + .25 x (110 - 100)"],
    ["SELL", 0.25, 98, "100 + .25 x (92 - 100)"],
    ["BUY", 0.999, 109.99, "100 + .999 x 10"],
  ] as const)("%s that arrives after %d of the bar pays %d: %s", (side, share, price, _working) => {
    const desk = holding({ fills: { latencyMs: share * MINUTE } });
    desk.place(order("a", side, 1), T0);
    desk.match(bar(0, [100, 110, 92, 105]));
    expect(desk.said().filter((text) => text.startsWith("fill a"))).toEqual([`fill a ${side} 1 @ ${price} fee 0 USD taker`]);
  });

  it("that arrives after the bar fills at the first price after it arrived", () => {
    const desk = venueDesk(spot, { fills: { latencyMs: 90_000 } });
    desk.place(order("a", "BUY", 1), T0);
    desk.match(flat(0, 100), flat(1, 101));
    expect(desk.said()).toEqual(["fill a BUY 1 @ 101 fee 0 USD taker", "closed a filled"]);
    const exact = venueDesk(spot, { fills: { latencyMs: MINUTE } });
    exact.place(order("a", "BUY", 1), T0);
    exact.match(flat(0, 100), bar(1, [102, 105, 99, 100]));
    expect(exact.said()[0]).toBe("fill a BUY 1 @ 102 fee 0 USD taker");
  });
});

describe("spread and slippage", () => {
  it.each([
    // side, spread, slippage, tick, first price, fill
    ["BUY", 10, 5, "0.01", 100, 100.1, "half of 10 and 5 are 10 bp"],
    ["SELL", 10, 5, "0.01", 100, 99.9, "half of 10 and 5 are 10 bp"],
    ["BUY", 10, 5, "0.25", 100, 100.25, "100.10, up to the tick"],
    ["SELL", 10, 5, "0.25", 100, 99.75, "99.90, down to the tick"],
    ["BUY", 0, 3, "0.01", 100, 100.03, "exactly on the tick: no further"],
    ["SELL", 0, 3, "0.01", 100, 99.97, "exactly on the tick: no further"],
    ["BUY", 0, 0, "0.5", 100.3, 100.5, "a first price off the tick goes against us too"],
    ["SELL", 0, 0, "0.5", 100.3, 100, "a first price off the tick goes against us too"],
    ["BUY", 0, 50, "0.0000000001", 0.0000123456, 0.0000124074, ".0000123456 x 1.005 = .00001240733, up"],
  ] as const)(
    "%s, %d bp spread, %d bp slippage, tick %s: %d fills at %d (%s)",
    (side, spreadBps, slippageBps, tick, first, price, _working) => {
      const desk = venueDesk({ ...spot, tick: d(tick) }, { costs: { spreadBps, slippageBps } });
      desk.place(order("held", "BUY", 1), T0 - MINUTE);
      desk.match(flat(-1, first));
      desk.said();
      desk.place(order("a", side, 1));
      desk.match(flat(0, first));
      expect(desk.said()[0]).toBe(`fill a ${side} 1 @ ${price} fee 0 USD taker`);
    },
  );

  it("costs a stop as well, and a resting limit nothing", () => {
    const desk = holding({ costs: { spreadBps: 0, slippageBps: 100 } });
    desk.place(sellStop("stop", "95"));
    desk.match(bar(1, [100, 100, 94, 96]));
    expect(desk.said()[0]).toBe("fill stop SELL 1 @ 94.05 fee 0 USD taker");
    const other = holding({ costs: { spreadBps: 0, slippageBps: 100 } });
    other.place(sellLimit("target", "105"));
    other.match(bar(1, [100, 106, 100, 104]));
    expect(other.said()[0]).toBe("fill target SELL 1 @ 105 fee 0 USD maker");
  });

  it("takes a late price with more digits than fixed-point has", () => {
    const desk = venueDesk({ ...spot, tick: d("0.0000000001") }, { fills: { latencyMs: 20_000 } });
    desk.place(order("a", "BUY", 1));
    desk.match(bar(0, [0.00001234, 0.00001235, 0.00001233, 0.00001234]));
    // .00001234 + .00000001 / 3 = .00001234333.., up to the tick.
    expect(desk.said()[0]).toBe("fill a BUY 1 @ 0.0000123434 fee 0 USD taker");
  });
});

describe("stop and target", () => {
  it.each([
    ["the stop inside the bar", bar(1, [100, 103, 94, 99]), "stop SELL 1 @ 95 fee 0 USD taker"],
    ["a touch of the stop", bar(1, [100, 103, 95, 99]), "stop SELL 1 @ 95 fee 0 USD taker"],
    ["the target inside the bar", bar(1, [100, 111, 96, 99]), "target SELL 1 @ 110 fee 0 USD maker"],
    ["a touch of the target", bar(1, [100, 110, 96, 99]), "target SELL 1 @ 110 fee 0 USD maker"],
    ["both in one bar: the stop", bar(1, [100, 111, 94, 110]), "stop SELL 1 @ 95 fee 0 USD taker"],
    ["a gap through the stop: the first price", bar(1, [90, 120, 89, 115]), "stop SELL 1 @ 90 fee 0 USD taker"],
    ["a gap through the target: the first price", bar(1, [112, 120, 90, 115]), "target SELL 1 @ 112 fee 0 USD maker"],
  ] as const)("%s", (_name, candle, fill) => {
    const desk = holding();
    desk.place(sellStop("stop", "95"));
    desk.place(sellLimit("target", "110"));
    desk.match(candle);
    const [first, ...rest] = desk.said();
    expect(first).toBe(`fill ${fill}`);
    // One cancels the other.
    const [done, gone] = fill.startsWith("stop") ? ["stop", "target"] : ["target", "stop"];
    expect(rest).toEqual([`closed ${done} filled`, `closed ${gone} cancelled: one cancels other`]);
    expect(desk.held()).toBe(0);
  });

  it("rest untouched in a bar that reaches neither", () => {
    const desk = holding();
    desk.place(sellStop("stop", "95"));
    desk.place(sellLimit("target", "110"));
    desk.match(bar(1, [100, 109.99, 95.01, 100]));
    expect(desk.said()).toEqual([]);
  });

  it("of a buyer mirror those of a seller", () => {
    const desk = venueDesk(spot);
    desk.place(buyStop("a", "105"));
    desk.place(order("b", "BUY", 1, { type: "limit", limitPrice: d<Price>("95") }));
    desk.match(bar(0, [100, 106, 94, 100]));
    expect(desk.said().filter((text) => text.startsWith("fill"))).toEqual([
      "fill a BUY 1 @ 105 fee 0 USD taker",
      "fill b BUY 1 @ 95 fee 0 USD maker",
    ]);
  });

  it("that arrive late fill no better than the price ran to meanwhile, and not before they are there", () => {
    const desk = holding({ fills: { latencyMs: 30_000 } });
    desk.match(bar(0, [100, 100, 100, 100]));
    desk.said();
    desk.place(sellStop("stop", "98"), T0 + MINUTE);
    // Half a bar from 97 towards 91 is 94: the stop of 98 was passed before it arrived.
    desk.match(bar(1, [97, 97, 91, 95]));
    expect(desk.said()[0]).toBe("fill stop SELL 1 @ 94 fee 0 USD taker");
    const after = holding({ fills: { latencyMs: 90_000 } });
    after.match(bar(0, [100, 100, 100, 100]));
    after.said();
    after.place(sellLimit("target", "110"), T0 + MINUTE);
    after.match(bar(1, [100, 120, 100, 101]));
    expect(after.said()).toEqual([]);
  });

  it("a limit that arrives when the price has passed it takes what it finds, as a taker, and never worse than its own", () => {
    const late = (limit: string) => {
      const desk = venueDesk({ ...spot, takerFee: d("0.01") }, { fills: { latencyMs: 30_000 } });
      desk.place(order("a", "BUY", 1, { type: "limit", limitPrice: d<Price>(limit) }));
      desk.match(bar(0, [100, 104, 96, 100]));
      return desk.said()[0];
    };
    // Half a bar from 100 towards 104 is 102.
    expect([late("130"), late("101"), late("95.99")]).toEqual([
      "fill a BUY 1 @ 102 fee 1.02 USD taker",
      "fill a BUY 1 @ 101 fee 0 USD maker",
      undefined,
    ]);
  });

  it("amended, hold from then on", () => {
    const desk = holding();
    desk.place(sellStop("stop", "95"));
    desk.venue.amend("stop", d<Qty>("1"), d<Price>("98"), T0, []);
    desk.match(bar(1, [100, 100, 97, 99]));
    expect(desk.said()[0]).toBe("fill stop SELL 1 @ 98 fee 0 USD taker");
  });
});

describe("requests for an order that is over", () => {
  it("are refused, as is a size that has filled already", () => {
    const desk = holding({ fills: { maxVolumeShare: 1 } });
    const out: Parameters<typeof desk.venue.cancel>[2] = [];
    desk.venue.cancel("entry", T0, out);
    desk.venue.amend("entry", d<Qty>("1"), undefined, T0, out);
    desk.venue.cancel("never", T0, out);
    expect(out.map((report) => report.type)).toEqual(["request_refused", "request_refused", "request_refused"]);
    desk.place(sellStop("stop", "95"));
    desk.match({ ...flat(1, 95), volume: 0.4 });
    const refused: typeof out = [];
    desk.venue.amend("stop", d<Qty>("0.4"), undefined, T0, refused);
    expect(refused.map((report) => report.type)).toEqual(["request_refused"]);
  });

  it("a look-up still finds it, with its fills; of what never came it finds nothing", () => {
    const desk = holding();
    const out: Parameters<typeof desk.venue.lookup>[2] = [];
    desk.venue.lookup("entry", T0, out);
    desk.venue.lookup("never", T0, out);
    desk.venue.snapshot(T0, out);
    expect(out).toMatchObject([
      {
        type: "lookup",
        order: { clientId: "entry", open: false, outcome: "filled", filled: d<Money>("1"), executions: [{ price: d("100") }] },
      },
      { type: "lookup", order: null },
      { type: "snapshot", positions: [{ instrument: spot.id, qty: d("1") }] },
    ]);
  });
});

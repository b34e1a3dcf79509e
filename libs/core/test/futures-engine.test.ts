import { describe, expect, it } from "vitest";
import type { Instrument } from "../src/domain/instrument.ts";
import { bar, d, flat, instrument, plan } from "./support/builders.ts";
import { rig, says } from "./support/rig.ts";

const linear = (over: Partial<Instrument> = {}) => instrument("linear", over);
/** A contract on 100 USD, settled in BTC. */
const inverse = (over: Partial<Instrument> = {}) =>
  instrument("inverse", { multiplier: d("100"), step: d("1"), minQty: d("1"), tick: d("0.5"), ...over });

describe("contracts through the engine and the simulated venue", () => {
  const btc = linear({ takerFee: d("0.0005"), initialMargin: d("0.05"), tick: d("1") });
  const account = { id: "a", currency: "USD", startingBalance: d<never>("1000000") };

  it("pays the fee and no more on entry, and takes profit less fee when the view turns", () => {
    const done = rig(plan([btc], { account, sizing: { method: "quantity", quantity: 10 }, risk: { leverage: 10 } }), says("BHS"));
    const on = { instrument: btc.id };
    done.run([flat(0, 46_380, on), bar(1, [46_377, 46_400, 46_370, 46_390], on)]);
    // 46377 x 10 x .0005 = 231.885 is paid on entry; the price of the contract is not.
    expect(done.cash()).toBe("999768.115");
    expect(done.held()).toBe(10);
    done.run([flat(2, 46_440, on), bar(3, [46_448, 46_500, 46_400, 46_450], on)]);
    // + 10 x 71 - 46448 x 10 x .0005 = 1,000,245.875; the sale reverses: 10 are then sold short for 232.24 of fee.
    expect(done.fills()).toEqual(["BUY 10 @ 46377 entry", "SELL 10 @ 46448 close", "SELL 10 @ 46448 entry"]);
    expect(done.cash()).toBe("1000013.635");
  });

  it("10 BTC bought at 46377 and sold at 46448 at leverage 10 leave 1,000,245.875 of a million", () => {
    const done = rig(
      plan([btc], { account, sizing: { method: "quantity", quantity: 10 }, risk: { leverage: 10 }, fills: { atEnd: "close_at_open" } }),
      says("B"),
    );
    const last = bar(1, [46_377, 46_460, 46_370, 46_440], { instrument: btc.id });
    done.run([flat(0, 46_380, { instrument: btc.id }), last]);
    done.engine.finish([flat(2, 46_448, { instrument: btc.id })]);
    expect(done.cash()).toBe("1000245.875");
    expect(done.held()).toBe(0);
  });

  it.each([
    // Margin and fee of 10 x 1000 at leverage 10: 1000 + 5; one cent less does not do.
    ["1005", "10 x 1000 / 10 + 10 x 1000 x .0005", "BUY 10 @ 1000 entry"],
    ["1004.99", "a cent short", "refused"],
  ])("a balance of %s (%s): %s", (balance, _working, outcome) => {
    const one = linear({ takerFee: d("0.0005"), initialMargin: d("0.05") });
    const own = plan([one], {
      account: { ...account, startingBalance: d(balance) },
      sizing: { method: "cash_fraction", fraction: 1 },
      risk: { leverage: 10 },
    });
    const whole = { ...own, instruments: [{ ...one, step: d<never>("10"), minQty: d<never>("10") }] };
    const done = rig(whole, says("B")).run([flat(0, 1000, { instrument: one.id }), flat(1, 1000, { instrument: one.id })]);
    expect(done.fills().at(0) ?? "refused").toBe(outcome);
  });

  it("asks the venue's own initial margin where the leverage would put up less", () => {
    // Leverage 50 would take 2 %; the venue wants 5 %: 200 of margin carry 4000 of notional, 4 contracts at 1000.
    const one = linear({ initialMargin: d("0.05"), step: d("1"), minQty: d("1") });
    const own = plan([one], {
      account: { ...account, startingBalance: d("200") },
      sizing: { method: "cash_fraction", fraction: 1 },
      risk: { leverage: 50 },
    });
    const done = rig(own, says("B")).run([flat(0, 1000, { instrument: one.id }), flat(1, 1000, { instrument: one.id })]);
    expect(done.fills()).toEqual(["BUY 4 @ 1000 entry"]);
  });

  it("spends nothing but fees on a reversal beyond profit and loss, inverse", () => {
    const coin = inverse({ takerFee: d("0.0005") });
    const own = plan([coin], {
      account: { id: "a", currency: "BTC", startingBalance: d("1") },
      sizing: { method: "quantity", quantity: 100 },
      risk: { leverage: 5 },
    });
    const on = { instrument: coin.id };
    const done = rig(own, says("BSHB")).run([
      flat(0, 50_000, on),
      flat(1, 50_000, on),
      flat(2, 62_500, on),
      flat(3, 50_000, on),
      flat(4, 40_000, on),
    ]);
    expect(done.fills()).toEqual([
      "BUY 100 @ 50000 entry",
      "SELL 100 @ 62500 close",
      "SELL 100 @ 62500 entry",
      "BUY 100 @ 40000 close",
      "BUY 100 @ 40000 entry",
    ]);
    // .04 long; then 10000/40000 - 10000/62500 = .09 short; fees .0001 + 2 x .00008 + 2 x .000125.
    expect(done.cash()).toBe("1.12949");
  });
});

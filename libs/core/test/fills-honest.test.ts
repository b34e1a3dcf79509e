import { describe, expect, it } from "vitest";
import { formatFixed } from "../src/domain/fixed.ts";
import { bar, d, flat, instrument, MINUTE, plan, T0 } from "./support/builders.ts";
import { rig, says } from "./support/rig.ts";

const spot = instrument("spot");

describe("no fill is better than the market would have given", () => {
  it("a position that was late to open has its stop for the rest of the bar", () => {
    const on = { instrument: spot.id };
    const late = rig(plan([spot], { exits: { stopLossPct: 2, takeProfitPct: 4 }, fills: { latencyMs: 1 } }), says("B"));
    late.run([flat(0, 100, on), bar(1, [100, 101, 70, 100], on), bar(2, [100, 110, 100, 108], on)]);
    const [entry, exit] = late.events("fill");
    expect([entry!.leg, exit!.leg]).toEqual(["entry", "stop"]);
    expect(late.entries.find((step) => step.events.includes(entry!))!.time).toBe(T0 + MINUTE + 1);
    expect(Number(formatFixed(exit!.price))).toBeLessThanOrEqual(98);
    const times = late.entries.map((step) => step.time);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it("a target that crosses as it arrives is a taker and pays spread and slippage", () => {
    const costly = instrument("spot", { makerFee: d("0.0002"), takerFee: d("0.0005") });
    const on = { instrument: costly.id };
    const done = rig(plan([costly], { exits: { takeProfitPct: 4 }, costs: { spreadBps: 2, slippageBps: 9 } }), says("B"));
    done.run([flat(0, 100, on), bar(1, [106, 107, 105, 106], on)]);
    // Bought at 106 x 1.001 = 106.106 -> 106.11; the target of 104 is crossed at once: 106 x .999 = 105.894 -> 105.89.
    expect(done.fills()).toEqual(["BUY 1 @ 106.11 entry", "SELL 1 @ 105.89 target"]);
    expect(done.events("fill")[1]!.liquidity).toBe("taker");
  });

  it("a budget that fills in parts, with the fee in the coin, spends money on coins alone", () => {
    const shib = instrument("spot", { tick: d("0.00001"), step: d("1"), minQty: d("1"), takerFee: d("0.001"), feeIn: "received" });
    const on = { instrument: shib.id, volume: 1_000_000_000 };
    const done = rig(plan([shib], { sizing: { method: "cash_fraction", fraction: 0.5 }, fills: { maxVolumeShare: 0.1 } }), says("B"));
    done.run(Array.from({ length: 9 }, (_, i) => flat(i, 0.00001, on)));
    const fills = done.events("fill");
    expect(fills.map((fill) => formatFixed(fill.quantity))).toEqual(["100000000", "100000000", "100000000", "100000000", "100000000"]);
    expect(done.cash()).toBe("5000");
    expect(done.held()).toBe(499_500_000);
  });

  it.each([
    ["a contract on a hundredth of a coin", instrument("linear", { multiplier: d("0.01"), step: d("1"), minQty: d("1") }), 10, 100],
    ["a contract on 100 of the quote", instrument("inverse", { multiplier: d("100"), step: d("1"), minQty: d("1") }), 100, 10],
  ])("volume counts in coins: %s", (_name, contract, price, most) => {
    const on = { instrument: contract.id, volume: 10 };
    const done = rig(plan([contract], { sizing: { method: "quantity", quantity: 1_000 }, fills: { maxVolumeShare: 0.1 } }), says("B"));
    done.run([flat(0, price, on), flat(1, price, on)]);
    // A tenth of 10 coins is one coin: 100 contracts of 0.01, or one of 100 at a price of 100 (the balance allows it).
    expect(done.held(contract.id)).toBeLessThanOrEqual(most);
    expect(done.held(contract.id)).toBeGreaterThan(0);
  });
});

describe("funding inside a candle", () => {
  const perpetual = instrument("linear");
  const payment = { instrument: perpetual.id, rate: d<never>("0.001"), mark: d<never>("100") };

  it("is paid by who holds after the candle's first fills", () => {
    const on = { instrument: perpetual.id };
    const done = rig(plan([perpetual]), says("B"));
    done.run([flat(0, 100, on)]);
    const candle = flat(1, 100, on);
    done.engine.close(candle.closeTime, [candle], [{ ...payment, time: candle.openTime + 30_000 }]);
    expect(done.events("funding").map((event) => formatFixed(event.amount))).toEqual(["-0.1"]);
    expect(done.cash()).toBe("9999.9");
  });
});

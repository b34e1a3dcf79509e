import { describe, expect, it } from "vitest";
import { formatExact, type Money, type Price, type Qty, type Rate } from "../src/domain/fixed.ts";
import type { VenueReport } from "../src/orders/report.ts";
import { account } from "./support/account.ts";
import { d, instrument, plan, T0 } from "./support/builders.ts";

const perpetual = instrument("linear");

/** Two units held, bought at 100. */
function holding() {
  const one = account(plan([perpetual], { sizing: { method: "quantity", quantity: 2 } }));
  one.mark(0, 100);
  const order = one.decide(0, "BUY", 100);
  if (typeof order !== "object") throw new Error(`no order: ${order}`);
  one.fill(order, "100");
  const cash = () => formatExact(one.machine.state.variants.get("v")!.cash);
  return { one, cash, tell: (report: VenueReport) => one.step({ type: "report", report }) };
}

const funding: VenueReport = {
  type: "funding",
  time: T0,
  ref: "f1",
  instrument: perpetual.id,
  rate: d<Rate>("0.0001"),
  amount: d<Money>("-0.02"),
  currency: "USD",
};

describe("given a cash flow told twice, when both reports are folded, then it counts once", () => {
  it("funding", () => {
    const { cash, tell } = holding();
    const before = Number(cash());
    expect(tell(funding)).toHaveLength(1);
    expect(tell({ ...funding, time: T0 + 5_000 })).toEqual([]);
    expect(Number(cash()) - before).toBeCloseTo(-0.02, 9);
    expect(tell({ ...funding, ref: "f2" })).toHaveLength(1);
  });

  it("a dividend", () => {
    const { tell } = holding();
    const dividend: VenueReport = {
      type: "dividend",
      time: T0,
      ref: "d1",
      instrument: perpetual.id,
      amount: d<Money>("1"),
      currency: "USD",
    };
    expect(tell(dividend)).toHaveLength(1);
    expect(tell(dividend)).toEqual([]);
  });

  it("a split", () => {
    const { one, tell } = holding();
    const split: VenueReport = {
      type: "split",
      time: T0,
      ref: "s1",
      instrument: perpetual.id,
      ratio: d<Rate>("3"),
      cashInLieu: d<Money>("0"),
    };
    tell(split);
    tell(split);
    expect(one.machine.state.slotsByInstrument.get(perpetual.id)![0]!.position.qty).toBe(d<Qty>("6"));
  });

  it("a liquidation", () => {
    const { one, tell } = holding();
    const execution = {
      tradeId: "t9",
      side: "SELL",
      quantity: d<Qty>("2"),
      price: d<Price>("90"),
      fee: d<Money>("0"),
      feeCurrency: "USD",
      liquidity: "taker",
    } as const;
    const report: VenueReport = { type: "liquidation", time: T0, instrument: perpetual.id, execution, reason: "margin" };
    expect(tell(report).map((event) => event.type)).toContain("fill");
    expect(tell(report)).toEqual([]);
    expect(one.machine.state.slotsByInstrument.get(perpetual.id)![0]!.position.qty).toBe(0n);
  });
});

import { describe, expect, it } from "vitest";
import type { OrderSpec } from "../src/domain/order.ts";
import { parseFixed, type Qty } from "../src/domain/fixed.ts";
import type { RiskPlan } from "../src/domain/plan.ts";
import { maxExposure } from "../src/risk/rules/max-exposure.ts";
import type { SizedEntry } from "../src/risk/rule.ts";
import type { TradingState } from "../src/risk/state.ts";
import { variantOf } from "../src/trade/account.ts";
import { foldLedger } from "../src/trade/trade.ts";
import { account, type Account } from "./support/account.ts";
import { d, decision, instrument, MINUTE, plan, T0 } from "./support/builders.ts";

const btc = instrument("spot");
const eth = instrument("spot", { id: "ETH-USD", base: "ETH" });
const both = (risk: Partial<RiskPlan>, id = "v") => plan([btc, eth], { id, risk });

/** Sets scopes as a fold of the ledger would. */
function scoped(trader: Account, scopes: Record<string, TradingState>): void {
  const { machine } = trader;
  const events = Object.entries(scopes).map(([scope, state]) => ({ type: "state" as const, scope, state, reason: "test" }));
  foldLedger(machine, [{ n: machine.state.n + 1, ownerEpoch: 1, time: T0, watermark: T0, input: "test", events }]);
}

const placed = (made: unknown) => (typeof made === "object" ? "placed" : made);

describe("each denial, provoked and just not", () => {
  it.each([
    ["a stop above a purchase", { stop: 100 }, "BAD_STOP"],
    ["a stop a tick below it", { stop: 99.99 }, "placed"],
    ["a stop of nought", { stop: 0 }, "BAD_STOP"],
    ["a target at the price", { target: 100 }, "BAD_TARGET"],
    ["a target a tick above it", { target: 100.01 }, "placed"],
    ["a stop that is not a number", { stop: Number.NaN }, "BAD_STOP"],
    ["a target that is not a number", { target: Number.NaN }, "BAD_TARGET"],
    ["a candle that is not live", { entryAllowed: false }, "NOT_LIVE"],
    ["a decision past its time", { validUntil: T0 + MINUTE - 1 }, "expired"],
    ["a decision at the last moment", { validUntil: T0 + MINUTE }, "placed"],
  ])("%s", (_name, over, outcome) => {
    expect(placed(account(plan([btc])).decide(0, "BUY", 100, over))).toBe(outcome);
  });

  it.each([
    ["a short's stop below it", { stop: 99.99 }, "BAD_STOP"],
    ["a short's stop above it", { stop: 100.01 }, "placed"],
    ["a short's target above it", { target: 100.01 }, "BAD_TARGET"],
    ["a short's target below it", { target: 99.99 }, "placed"],
  ])("%s", (_name, over, outcome) => {
    expect(placed(account(plan([instrument("linear")])).decide(0, "SELL", 100, over))).toBe(outcome);
  });

  it.each([
    ["less than the minimum quantity", { minQty: "0.5" }, 0.499, "BELOW_MIN_QUANTITY"],
    ["the minimum quantity", { minQty: "0.5" }, 0.5, "placed"],
    ["less than a step", { step: "0.1" }, 0.09, "BELOW_MIN_QUANTITY"],
    ["less than the minimum notional", { minNotional: "50" }, 0.499, "BELOW_MIN_NOTIONAL"],
    ["the minimum notional", { minNotional: "50" }, 0.5, "placed"],
  ])("%s", (_name, texts, quantity, outcome) => {
    const over = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, parseFixed<Qty>(text)]));
    expect(placed(account(plan([{ ...btc, ...over }], { sizing: { method: "quantity", quantity } })).decide(0, "BUY", 100))).toBe(outcome);
  });

  it("a purchase that its own fee would make too small to sell again", () => {
    const received = { ...btc, feeIn: "received" as const, takerFee: d<never>("0.001"), minQty: d<never>("0.01") };
    const bought = (quantity: number) =>
      placed(account(plan([received], { sizing: { method: "quantity", quantity } })).decide(0, "BUY", 100));
    expect([bought(0.01), bought(0.011)]).toEqual(["BELOW_MIN_QUANTITY", "placed"]);
  });

  it.each([
    [{ maxConcurrentPositions: 1 }, "MAX_CONCURRENT_POSITIONS"],
    [{ maxConcurrentPositions: 2 }, "placed"],
    [{ maxTotalExposure: 100 }, "MAX_TOTAL_EXPOSURE"],
    [{ maxTotalExposure: 200 }, "placed"],
    [{ maxPositionSize: 100 }, "placed"],
  ])("a second instrument under %j, the first on its way and then held", (risk, outcome) => {
    for (const held of [false, true]) {
      const trader = account(both(risk));
      trader.mark(0, 100);
      const first = trader.decide(0, "BUY", 100) as OrderSpec;
      if (held) trader.fill(first, "100");
      expect(placed(trader.decide(0, "BUY", 100, { instrument: eth.id }))).toBe(outcome);
    }
  });

  it("nothing at all may be held", () => {
    expect(account(both({ maxPositionSize: 0 })).decide(0, "BUY", 100)).toBe("MAX_POSITION_SIZE");
  });

  it("a size over the limit, whoever worked it out", () => {
    const trader = account(both({ maxPositionSize: 500, maxTotalExposure: 800 }));
    trader.mark(0, 100);
    trader.fill(trader.decide(0, "BUY", 100) as OrderSpec, "100", "4");
    const variant = variantOf(trader.machine.state, "v")!;
    const [first, second] = variant.slots;
    const limit = (slot: typeof first, notional: number) => maxExposure.limit!({ variant, slot: slot!, notional } as SizedEntry)?.code;
    expect([limit(first, 100), limit(first, 100.01), limit(second, 400), limit(second, 400.01), limit(second, 500.01)]).toEqual([
      undefined,
      "MAX_POSITION_SIZE",
      undefined,
      "MAX_TOTAL_EXPOSURE",
      "MAX_POSITION_SIZE",
    ]);
  });

  it("an order on the same instrument whose fate is unknown, whichever variant sent it", () => {
    const trader = account(both({}), both({}, "w"));
    trader.mark(0, 100);
    trader.mark(0, 100, eth.id);
    const first = trader.decide(0, "BUY", 100) as OrderSpec;
    trader.step({ type: "report", report: { type: "unanswered", time: T0, clientId: first.clientId, reason: "timeout" } });
    expect(trader.decide(0, "BUY", 100, { variant: "w" })).toBe("ORDER_UNKNOWN");
    expect(placed(trader.decide(0, "BUY", 100, { variant: "w", instrument: eth.id }))).toBe("placed");
    trader.fill(first, "100");
    expect(placed(trader.decide(1, "BUY", 100, { variant: "w" }))).toBe("placed");
  });

  it("anything while something held has no price yet", () => {
    const trader = account(both({}));
    trader.fill(trader.decide(0, "BUY", 100) as OrderSpec, "100");
    expect(trader.decide(0, "BUY", 100, { instrument: eth.id })).toBe("NO_PRICE");
    trader.mark(1, 100);
    expect(placed(trader.decide(1, "BUY", 100, { instrument: eth.id }))).toBe("placed");
  });

  it("says with numbers what was wrong", () => {
    const trader = account(plan([btc]));
    const denied = trader.step({ type: "decision", decision: decision(0, "BUY", 100, { stop: 101 }), time: T0 + MINUTE });
    expect(denied).toMatchObject([{ type: "denied", code: "BAD_STOP", detail: "stop 101 for a BUY at 100" }]);
  });
});

describe("trading states", () => {
  it.each([
    [{}, "placed"],
    [{ portfolio: "REDUCING" }, "STATE_REDUCING"],
    [{ portfolio: "HALTED" }, "STATE_HALTED"],
    [{ account: "REDUCING" }, "STATE_REDUCING"],
    [{ account: "HALTED" }, "STATE_HALTED"],
    [{ "variant:v": "REDUCING" }, "STATE_REDUCING"],
    [{ "variant:v": "HALTED" }, "STATE_HALTED"],
    [{ "variant:w": "HALTED" }, "placed"],
    [{ portfolio: "REDUCING", account: "ACTIVE", "variant:v": "HALTED" }, "STATE_HALTED"],
    [{ portfolio: "HALTED", account: "REDUCING", "variant:v": "ACTIVE" }, "STATE_HALTED"],
    [{ portfolio: "ACTIVE", account: "REDUCING", "variant:v": "ACTIVE" }, "STATE_REDUCING"],
    [{ portfolio: "ACTIVE", account: "ACTIVE", "variant:v": "ACTIVE" }, "placed"],
  ] as const)("of %j: %s, the stricter wins", (scopes, outcome) => {
    const trader = account(both({}), both({}, "w"));
    scoped(trader, scopes);
    expect(placed(trader.decide(0, "BUY", 100))).toBe(outcome);
  });

  it("let what is held be closed, whatever they are", () => {
    const trader = account(both({}));
    trader.mark(0, 100);
    trader.fill(trader.decide(0, "BUY", 100) as OrderSpec, "100");
    scoped(trader, { portfolio: "HALTED", account: "HALTED", "variant:v": "HALTED" });
    expect(trader.decide(1, "SELL", 100)).toMatchObject({ leg: "close", side: "SELL", quantity: d("1"), reduceOnly: true });
  });

  it("set by an operator stop one variant or all, and are lifted by name", () => {
    const trader = account(both({}), both({}, "w"));
    const command = (verb: "halt" | "resume", variant?: string) =>
      trader.step({ type: "command", time: T0, command: { verb, by: "ada", ...(variant === undefined ? undefined : { variant }) } });
    command("halt", "v");
    expect([trader.decide(0, "BUY", 100), placed(trader.decide(0, "BUY", 100, { variant: "w" }))]).toEqual(["STATE_HALTED", "placed"]);
    command("halt");
    command("resume", "v");
    expect(trader.decide(1, "BUY", 100)).toBe("STATE_HALTED");
    command("resume");
    expect(placed(trader.decide(2, "BUY", 100))).toBe("placed");
  });
});

describe("what decides nothing", () => {
  it("HOLD, a SELL of spot that is not held, and a second decision for a close", () => {
    const trader = account(plan([btc]));
    expect(trader.decide(0, "HOLD", 100)).toBeUndefined();
    expect(trader.decide(0, "BUY", 100)).toBeUndefined();
    expect(trader.decide(1, "SELL", 100)).toBeUndefined();
    expect(placed(trader.decide(2, "BUY", 100))).toBe("placed");
    expect(trader.decide(2, "BUY", 100)).toBeUndefined();
    expect(trader.decide(1, "BUY", 100)).toBeUndefined();
    expect(trader.machine.state.orders.size).toBe(1);
  });

  it("a BUY of what is held already", () => {
    const trader = account(plan([btc]));
    trader.fill(trader.decide(0, "BUY", 100) as OrderSpec, "100");
    expect(trader.decide(1, "BUY", 100)).toBeUndefined();
  });

  it("an expired one is recorded and leads to no order", () => {
    const trader = account(plan([btc]));
    expect(trader.decide(0, "BUY", 100, { validUntil: T0 })).toBe("expired");
    expect(trader.machine.state.orders.size).toBe(0);
  });
});

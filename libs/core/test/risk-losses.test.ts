import { describe, expect, it } from "vitest";
import type { OrderSpec } from "../src/domain/order.ts";
import type { RiskPlan } from "../src/domain/plan.ts";
import { restoreAccount, snapshotAccount } from "../src/trade/account-snapshot.ts";
import { account, type Account } from "./support/account.ts";
import { flat, instrument, plan, T0 } from "./support/builders.ts";
import { rig, says } from "./support/rig.ts";

const DAY = 86_400_000;
const own = (risk: Partial<RiskPlan>) => plan([instrument("spot")], { risk });

/** Holds 50 bought at 100 of a balance of 10000: each unit of price is 50, and 1 % of equity at 100 is 2. */
function holding(risk: Partial<RiskPlan>): Account {
  const trader = account(own(risk));
  trader.mark(0, 100);
  trader.fill(trader.decide(0, "BUY", 100) as OrderSpec, "100", "50");
  return trader;
}

const state = (trader: Account) => trader.machine.state.scopes.get("variant:v")?.state ?? "ACTIVE";
const markOn = (trader: Account, time: number, price: number) => {
  trader.step({ type: "candle", candle: { ...flat(0, price), closeTime: time } });
  trader.step({ type: "close", time });
};

describe("drawdown", () => {
  it.each([
    // Peak 10500 at 110; a tenth of it is 1050: 9450 is the limit, and 89 its price.
    [89.01, "ACTIVE"],
    [89, "HALTED"],
    [20, "HALTED"],
  ])("of a tenth from the peak at 110, marked at %d: %s", (price, expected) => {
    const trader = holding({ maxDrawdownPct: 10 });
    trader.mark(1, 110);
    trader.mark(2, price);
    expect(state(trader)).toBe(expected);
  });

  it("never halts without the limit, and not on the way up", () => {
    const trader = holding({});
    trader.mark(1, 1);
    expect(state(trader)).toBe("ACTIVE");
    const rising = holding({ maxDrawdownPct: 0.5 });
    for (const [i, price] of [101, 120, 119.5, 150].entries()) rising.mark(i + 1, price);
    expect(state(rising)).toBe("ACTIVE");
  });

  it("is recorded once, with its reason", () => {
    const trader = holding({ maxDrawdownPct: 10 });
    const candle = flat(1, 50);
    trader.step({ type: "candle", candle });
    expect(trader.step({ type: "close", time: candle.closeTime })).toEqual([
      { type: "state", scope: "variant:v", state: "HALTED", reason: "drawdown limit of 10 % reached" },
    ]);
    expect(trader.step({ type: "close", time: candle.closeTime + 1 })).toEqual([]);
  });

  it("stays a halt when the price comes back: a person clears it", () => {
    const trader = holding({ maxDrawdownPct: 10 });
    for (const [i, price] of [50, 500].entries()) trader.mark(i + 1, price);
    expect(state(trader)).toBe("HALTED");
    trader.step({ type: "command", time: T0, command: { verb: "resume", variant: "v", by: "ada" } });
    expect(state(trader)).toBe("ACTIVE");
  });

  it("is measured anew once a person has cleared it, not halted again by the same loss", () => {
    const trader = holding({ maxDrawdownPct: 10 });
    trader.mark(1, 50); // equity 7500
    trader.step({ type: "command", time: T0, command: { verb: "resume", variant: "v", by: "ada" } });
    trader.mark(2, 50);
    expect(state(trader)).toBe("ACTIVE");
    trader.mark(3, 35.01); // 6750.5 of 7500
    expect(state(trader)).toBe("ACTIVE");
    trader.mark(4, 35); // 6750
    expect(state(trader)).toBe("HALTED");
  });
});

describe("daily loss", () => {
  it.each([
    // From 10000 at midnight a twentieth is 500: 9500 at a price of 90.
    [90.01, "ACTIVE"],
    [90, "HALTED"],
  ])("of a twentieth of the day's equity, marked at %d: %s", (price, expected) => {
    const trader = holding({ maxDailyLossPct: 5 });
    markOn(trader, T0 + DAY / 2, 100);
    markOn(trader, T0 + DAY / 2 + 1, price);
    expect(state(trader)).toBe(expected);
  });

  it("counts from the last mark before midnight UTC: a fall overnight is the new day's, slow ones are each day's own", () => {
    const slow = holding({ maxDailyLossPct: 5 });
    for (const [day, price] of [96, 91, 86, 81].entries()) markOn(slow, T0 + day * DAY + 1, price);
    expect(state(slow)).toBe("ACTIVE");
    const overnight = holding({ maxDailyLossPct: 5 });
    markOn(overnight, T0 + DAY, 99); // the bar that closes at midnight is the old day's
    markOn(overnight, T0 + DAY + 1, 89.2); // 9460 of 9950
    expect(state(overnight)).toBe("ACTIVE");
    markOn(overnight, T0 + DAY + 2, 89); // 9450 of 9950: 9452.5 is the limit
    expect(state(overnight)).toBe("HALTED");
  });

  it("stays over midnight", () => {
    const trader = holding({ maxDailyLossPct: 5 });
    markOn(trader, T0 + 1, 80);
    markOn(trader, T0 + DAY + 1, 100);
    expect([state(trader), trader.decide(3_000, "SELL", 100)]).toMatchObject(["HALTED", { leg: "close" }]);
  });
});

describe("a halt", () => {
  it("withdraws an entry that has not filled whole, keeps the exits of what is held, and denies the next", () => {
    const thin = plan([instrument("spot")], {
      sizing: { method: "quantity", quantity: 50 },
      exits: { stopLossPct: 80 },
      risk: { maxDrawdownPct: 10 },
      fills: { maxVolumeShare: 1 },
    });
    const done = rig(thin, says("B-BB")).run([
      flat(0, 100),
      { ...flat(1, 100), volume: 40 },
      { ...flat(2, 60), volume: 0 },
      flat(3, 60),
      flat(4, 60),
    ]);
    expect(done.fills()).toEqual(["BUY 40 @ 100 entry"]);
    expect(done.events("state").map(({ state }) => state)).toEqual(["HALTED"]);
    expect([...done.state.orders.values()].map(({ spec, status, outcome }) => [spec.leg, status, outcome])).toEqual([
      ["entry", "closed", "cancelled"],
      ["stop", "open", undefined],
    ]);
  });

  it("and the equity it is measured by survive a snapshot", () => {
    const limits = { maxDrawdownPct: 10, maxDailyLossPct: 9 };
    const moved = (trader: Account) => {
      const restored = account(own(limits));
      restoreAccount(restored.machine.state, snapshotAccount(trader.machine.state));
      return restored;
    };
    const rising = holding(limits);
    rising.mark(1, 120); // peak 11000, day's 10000
    const drawn = moved(rising);
    drawn.mark(2, 98); // 9900 of 11000
    expect(state(drawn)).toBe("HALTED");
    const halted = moved(drawn);
    expect(state(halted)).toBe("HALTED");
    halted.fill(halted.decide(2, "SELL", 98) as OrderSpec, "98", "50");
    expect(halted.decide(3, "BUY", 98)).toBe("STATE_HALTED");
  });
});

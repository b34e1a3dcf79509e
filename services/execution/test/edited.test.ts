import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import type { LedgerEvent } from "@tradewind/core";
import { setMarketClock } from "@tradewind/kit";
import { eventually } from "@tradewind/testkit";
import { MINUTE, minuteOf, START } from "./support/market.ts";
import { candleNote, decisionNote, desiredOf, ledgerOf, put, settings, startExecution, variantText, want } from "./support/scene.ts";

const config = settings({ run: { clock: "wall" } });
const instrument = "BTC-USDT-PERP";

/** A fixed 5,000 at risk: 1.5 % down costs 0.75 % of the account, 2.2 % costs 1.1 %. */
const edition = (takeProfitPct: number, symbols: readonly string[]): string =>
  variantText({
    trading_symbols: { futures: symbols },
    timeframes: ["1m"],
    sizing: { method: "notional", notional: 5_000 },
    risk_settings: { stop_loss_pct: 5, take_profit_pct: takeProfitPct, leverage: 1, max_daily_loss_pct: 1 },
  });

let bus: Bus;
beforeEach(async () => {
  bus = await openEmbeddedBus(":memory:");
  await bus.ensure();
});
afterEach(() => bus.close());

async function candle(minute: number, price: number): Promise<void> {
  await setMarketClock(bus, { wallMs: 0, marketMs: START + (minute + 1) * MINUTE, speed: 0 });
  await put(bus, [candleNote("bybit", minuteOf(instrument, minute, [price, price, price, price]))]);
}

async function decide(minute: number, validUntil: number): Promise<void> {
  const closeTime = START + (minute + 1) * MINUTE;
  const words = { score: 1, votes: [], reason: "test", validUntil, entryAllowed: true };
  await put(bus, [decisionNote({ variant: "one", instrument, closeTime, close: 100, action: "BUY", ...words })]);
}

async function has(type: LedgerEvent["type"], count: number): Promise<true> {
  const entries = await ledgerOf(bus, "paper-one");
  const found = entries.flatMap(({ events }) => events).filter((event) => event.type === type).length;
  if (found < count) throw new Error(`${found} of ${count} ${type}`);
  return true;
}

describe("given a loss of the day, when the variant is edited", () => {
  test.each([
    ["its target", edition(9, ["BTC/USDT:USDT", "ETH/USDT:USDT"])],
    ["its symbols: one that is not held goes", edition(8, ["BTC/USDT:USDT"])],
  ])("%s: the loss still counts towards the day's limit", async (_what, edited) => {
    await want(bus, desiredOf("one", edition(8, ["BTC/USDT:USDT", "ETH/USDT:USDT"])));
    await setMarketClock(bus, { wallMs: 0, marketMs: START, speed: 0 });
    const service = await startExecution(bus, config);
    await eventually(() => has("genesis", 1));
    await candle(0, 100);
    await decide(0, START + 2 * MINUTE);
    await eventually(() => has("order_intended", 1));
    await candle(1, 100);
    await eventually(() => has("order_open", 3));
    await candle(2, 98.5);
    await candle(3, 98.5);
    // An entry after the loss: from here on the ledger alone does not tell what the day began with.
    await decide(2, START + 3 * MINUTE);
    await eventually(() => has("decision_expired", 1));
    const saved = async (): Promise<string | undefined> => (await bus.kv("checkpoints").get("execution.paper-one"))?.value;
    const before = await saved();
    await eventually(async () => (await saved()) !== before);
    await want(bus, desiredOf("one", edited, { revision: 2, effectiveFrom: START + 4 * MINUTE }));
    await eventually(() => has("notice", 1));
    await candle(4, 97.8);
    await eventually(async () => {
      const states = (await ledgerOf(bus, "paper-one")).flatMap(({ events }) =>
        events.flatMap((event) => (event.type === "state" ? [event] : [])),
      );
      return states.some(({ state, reason }) => state === "HALTED" && reason.includes("daily loss"));
    });
    expect(await has("state", 1)).toBe(true);
    await service.stop();
  });
});

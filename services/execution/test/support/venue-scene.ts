import type { Bus } from "@tradewind/bus";
import { tokenOf } from "@tradewind/contracts";
import type { Action, Candle, Decision, LedgerEvent } from "@tradewind/core";
import type { SimulatedVenueServer } from "@tradewind/venues";
import { minuteOf } from "./market.ts";
import { candleNote, decisionNote, desiredOf, ledgerOf, put, variantOf, variantText, want } from "./scene.ts";

export const instrument = "BTC-USDT-PERP";

/** A variant that trades at a venue. */
export const liveText = variantText({
  variants: { broker: "bybit", strategy: "rsi", mode: "futures", asset_class: "futures" },
  broker_config: { test_mode: true, credentials: { api_key: "${KEY}", api_secret: "${SECRET}" } },
  trading_symbols: { futures: ["BTC/USDT:USDT"] },
  timeframes: ["1m"],
  risk_settings: { risk_per_trade: 0.01, stop_loss_pct: 2, take_profit_pct: 5, leverage: 2 },
});
export const account = tokenOf(variantOf("live", liveText).plan.account.id);

export const wantLive = (bus: Bus): Promise<void> => want(bus, desiredOf("live", liveText));

/** A live candle of one minute that has just closed, at one price. */
export function candleNow(price: number, minutesAgo = 0): Candle {
  const now = Date.now() - minutesAgo * 60_000;
  return minuteOf(instrument, 0, [price, price, price, price], now - 60_000);
}

/** The venue's market and the bus see one price. */
export async function price(bus: Bus, venue: { price(candle: Candle): void | Promise<void> }, at: number): Promise<void> {
  const candle = candleNow(at);
  await venue.price(candle);
  await put(bus, [candleNote("bybit", candle)]);
}

/** A decision on a close of just now. */
export async function decideNow(bus: Bus, action: Action, close: number): Promise<void> {
  const closeTime = Date.now();
  const decision: Decision = {
    variant: "live",
    instrument,
    closeTime,
    close,
    action,
    score: action === "BUY" ? 1 : -1,
    votes: [],
    reason: "test",
    validUntil: closeTime + 60_000,
    entryAllowed: true,
  };
  await put(bus, [decisionNote(decision)]);
}

export async function eventsOf<T extends LedgerEvent["type"]>(bus: Bus, type: T): Promise<Extract<LedgerEvent, { type: T }>[]> {
  const entries = await ledgerOf(bus, account);
  return entries.flatMap(({ events }) => events.filter((event): event is Extract<LedgerEvent, { type: T }> => event.type === type));
}

/** True when the account trades: the last word on its state is ACTIVE. */
export async function trades(bus: Bus): Promise<boolean> {
  return (await eventsOf(bus, "state")).findLast(({ scope }) => scope === "account")?.state === "ACTIVE";
}

export const placedAt = (server: SimulatedVenueServer): number[] => Object.values(server.stats().placed);

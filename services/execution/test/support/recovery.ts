import type { Bus } from "@tradewind/bus";
import { tokenOf } from "@tradewind/contracts";
import { decodeEntry, type Decision } from "@tradewind/core";
import { eventually } from "@tradewind/testkit";
import type { SimulatedVenueServer } from "@tradewind/venues";
import { minuteOf } from "./market.ts";
import { candleNote, decisionNote, desiredOf, put, settings, startExecution, variantOf, variantText, want } from "./scene.ts";

export interface Recovery {
  /** Orders that rested at the venue. */
  readonly orders: number;
  /** Entries of the ledger that was folded, and those that recovery added. */
  readonly entries: number;
  readonly added: number;
  /** Wall time from the start of the service until the account trades, its lease included, ms. */
  readonly tradingAfterMs: number;
}

const BUDGET_MS = { timeoutMs: 120_000 };

/**
 * Brings an account at a simulated venue to `orders` resting orders (a stop and a target for each of half as many
 * positions), ends its owner and measures how long a new one takes until it trades again. The bus and the venue are new.
 */
export async function measureRecovery(bus: Bus, venue: SimulatedVenueServer, orders: number): Promise<Recovery> {
  const symbols = Array.from({ length: Math.ceil(orders / 2) }, (_, i) => `C${i}/USDT:USDT`);
  const text = variantText({
    variants: { broker: "bybit", strategy: "rsi", mode: "futures", asset_class: "futures" },
    broker_config: { test_mode: true, credentials: { api_key: "${KEY}", api_secret: "${SECRET}" } },
    trading_symbols: { futures: symbols },
    timeframes: ["1m"],
    sizing: { method: "quantity", quantity: 1 },
    risk_settings: {
      stop_loss_pct: 10,
      take_profit_pct: 10,
      max_total_exposure: null,
      max_position_size: null,
      max_concurrent_positions: null,
    },
    account: { starting_balance: 1_000_000 },
  });
  const { plan } = variantOf("many", text);
  const account = tokenOf(plan.account.id);
  const config = settings({ run: { clock: "wall" }, venues: { bybit: { url: venue.url } } });
  const now = Date.now();
  const candles = plan.instruments.map(({ id }) => minuteOf(id, 0, [100, 100, 100, 100], now - 60_000));
  const resting = (): number =>
    [...(venue.venue(account)?.book.instruments.values() ?? [])].reduce(
      (sum, { live }) => sum + live.filter(({ spec }) => spec.reduceOnly).length,
      0,
    );

  await want(bus, desiredOf("many", text));
  const first = await startExecution(bus, config);
  await eventually(async () => (await lastState(bus, account)) === "ACTIVE", BUDGET_MS);
  for (const candle of candles) venue.price(candle);
  await put(
    bus,
    candles.map((candle) => candleNote("bybit", candle)),
  );
  await put(
    bus,
    plan.instruments.map(({ id }) => decisionNote(buy(id))),
  );
  await eventually(() => Object.keys(venue.stats().placed).length >= symbols.length, BUDGET_MS);
  for (const candle of candles) venue.price({ ...candle, openTime: now, closeTime: now + 60_000 });
  await eventually(() => resting() === 2 * symbols.length, BUDGET_MS);
  await first.stop();
  const before = await bus.last(`tw.ledger.${account}`);
  const entries = entryOf(before!.data).n;

  const began = performance.now();
  const second = await startExecution(bus, config);
  await eventually(async () => (await lastState(bus, account, before!.seq)) === "ACTIVE", BUDGET_MS);
  const tradingAfterMs = performance.now() - began;
  const added = entryOf((await bus.last(`tw.ledger.${account}`))!.data).n - entries;
  await second.stop();
  return { orders: resting(), entries, added, tradingAfterMs };
}

function buy(instrument: string): Decision {
  const closeTime = Date.now();
  const words = { variant: "many", instrument, closeTime, close: 100, action: "BUY", score: 1, votes: [], reason: "measured" } as const;
  return { ...words, validUntil: closeTime + 600_000, entryAllowed: true };
}

const entryOf = (data: string) => decodeEntry(JSON.stringify((JSON.parse(data) as { data: unknown }).data), "ledger");

/** The account's latest trading state in the ledger after a sequence. */
async function lastState(bus: Bus, account: string, after = 0): Promise<string | undefined> {
  const end = await bus.last(`tw.ledger.${account}`);
  if (end === undefined || end.seq <= after) return undefined;
  let state: string | undefined;
  for await (const { data } of bus.read(`tw.ledger.${account}`, { after }))
    for (const event of entryOf(data).events) if (event.type === "state" && event.scope === "account") state = event.state;
  return state;
}

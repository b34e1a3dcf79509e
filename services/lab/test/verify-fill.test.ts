import type { FillEvent, Instrument, LedgerEntry } from "@tradewind/core";
import { allocateColumns, buy, fromNumber, sell, statefulStrategy } from "@tradewind/core";
import { loadVariant } from "@tradewind/config";
import { expect, it } from "vitest";
import { runBacktest } from "../src/backtest.ts";
import { verifyLedger } from "../src/verify-ledger.ts";
import { repo } from "./support.ts";

const turns = {
  name: "turns",
  doc: "",
  parameters: {},
  warmup: () => 1,
  create: () => statefulStrategy({ n: 0 }, (state) => (state.n++ % 2 === 0 ? buy("odd") : sell("even"))),
};

/** A sound ledger over 40 candles whose price changes. */
function ledgerOf(file: string, over: Partial<Instrument> = {}): readonly LedgerEntry[] {
  const { plan } = loadVariant(repo(`configs/variants/${file}.json`), { modeOverride: "backtest" });
  const instrument = { ...plan.instruments[0]!, calendar: "crypto-24-7", ...over };
  const columns = allocateColumns(instrument.id, "1m", 40);
  for (let i = 0; i < 40; i++) {
    columns.openTime[i] = Date.UTC(2024, 0, 1) + i * 60_000;
    columns.closeTime[i] = columns.openTime[i]! + 60_000;
    columns.volume[i] = 1_000;
    for (const field of ["open", "high", "low", "close"] as const) columns[field][i] = 400 + 3 * (i % 7);
  }
  const members = [{ ...plan.members[0]!, name: "turns", parameters: {} }];
  const risk = { ...plan.risk, maxDailyLossPct: null, maxDrawdownPct: null };
  const own = { ...plan, members, risk, instruments: [instrument], finestTimeframe: "1m" as const, timeframe: "1m" as const };
  return runBacktest({ plan: own, columns: [columns], definitionOf: () => turns }).ledger.entries;
}

/** The ledger with its third fill changed. */
function changed(entries: readonly LedgerEntry[], change: (fill: FillEvent) => Partial<FillEvent>): LedgerEntry[] {
  let fills = 0;
  return entries.map((entry) => ({
    ...entry,
    events: entry.events.map((event) => (event.type === "fill" && ++fills === 3 ? { ...event, ...change(event) } : event)),
  }));
}

const changes: Readonly<Record<string, (fill: FillEvent) => Partial<FillEvent>>> = {
  price: ({ price }) => ({ price: (price + 1n) as FillEvent["price"] }),
  "price of nothing": () => ({ price: 0n as FillEvent["price"] }),
  fee: ({ fee }) => ({ fee: (fee + 1n) as FillEvent["fee"] }),
  "fee's currency": () => ({ feeCurrency: "XYZ" }),
  quantity: ({ quantity }) => ({ quantity: (quantity * 2n) as FillEvent["quantity"] }),
  "quantity of nothing": () => ({ quantity: 0n as FillEvent["quantity"] }),
};

const fees = { takerFee: fromNumber<Instrument["takerFee"]>(0.001) };
it.each([
  ["a coin", ledgerOf("bybit_crypto_live", { ...fees, feeIn: "settle" })],
  ["a coin whose fee leaves the bought asset", ledgerOf("bybit_crypto_live", { ...fees, feeIn: "received" })],
  ["a share", ledgerOf("alpaca_stocks_paper", fees)],
  ["a contract", ledgerOf("template", fees)],
])("a ledger of %s is sound, and any figure changed in a fill shows", (_, entries) => {
  const check = verifyLedger(entries);
  expect(check.problems).toEqual([]);
  expect(check.fills).toBeGreaterThan(3);
  for (const [name, change] of Object.entries(changes)) expect(verifyLedger(changed(entries, change)).problems, name).not.toEqual([]);
});

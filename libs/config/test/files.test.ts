import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { variantJsonSchema } from "../src/json-schema.ts";
import { listVariants, loadVariant, parseVariant } from "../src/load-variant.ts";
import { loadSystem } from "../src/system.ts";

const folder = fileURLToPath(new URL("../../../configs/", import.meta.url));
const files = listVariants(`${folder}variants`);
const loadBare = (text: string) => parseVariant(text, "template.json").plan;

test.each(files)("$id loads, also as a backtest", ({ path, id }) => {
  const loaded = loadVariant(path);
  expect(loaded.plan.id).toBe(id);
  const backtest = loadVariant(path, { modeOverride: "backtest" });
  expect(backtest.plan.mode).toBe("backtest");
  expect(backtest.configHash).toBe(loaded.configHash);
});

test("the named variants are there, and every strategy has one for a linear BTC perpetual", () => {
  const ids = files.map(({ id }) => id);
  for (const id of [
    "bybit_crypto_live",
    "alpaca_stocks_paper",
    "binance_futures_live",
    "binance_futures_rsi",
    "kraken_crypto_macd",
    "template",
  ])
    expect(ids).toContain(id);
  const plans = files.map(({ path }) => loadVariant(path).plan);
  const perpetual = plans.filter(({ instruments }) => instruments.some(({ id }) => id === "BTC-USDT-PERP"));
  const covered = new Set(perpetual.map(({ members }) => members[0]!.name));
  expect([...covered]).toEqual(expect.arrayContaining(["macd", "mfi", "momentum", "rsi", "vwap"]));
});

test("the template's values are the defaults, as it says", () => {
  const template = loadVariant(files.find(({ id }) => id === "template")!.path);
  const { plan } = template;
  const { variants } = template.config;
  const bare = JSON.stringify({ variants });
  expect(plan.members[0]!.parameters).toEqual(loadBare(bare).members[0]!.parameters);
  for (const key of [
    "risk",
    "exits",
    "decision",
    "sizing",
    "costs",
    "fills",
    "timeframe",
    "finestTimeframe",
    "protections",
    "instruments",
  ] as const)
    expect(plan[key]).toEqual(loadBare(bare)[key]);
});

test("the committed JSON Schema is current (else: node libs/config/scripts/emit-schema.ts)", () => {
  const committed: unknown = JSON.parse(readFileSync(`${folder}variant.schema.json`, "utf8"));
  expect(committed).toEqual(JSON.parse(JSON.stringify(variantJsonSchema())));
});

test("every system file loads, with each environment", () => {
  const names = readdirSync(folder).flatMap((name) => /^system\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
  expect(loadSystem(folder, {}).log.level).toBe("info");
  for (const name of names) expect(loadSystem(folder, { TRADEWIND_ENV: name })).toBeDefined();
});

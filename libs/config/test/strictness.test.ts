import { expect, test } from "vitest";
import { strategies } from "@tradewind/core";
import { nodesAt, type SchemaNode } from "../src/check.ts";
import { variantJsonSchema } from "../src/json-schema.ts";
import { nearest } from "../src/nearest.ts";
import { minimal, refusal } from "./variant-file.ts";

const root = variantJsonSchema() as SchemaNode;

/** One sound file with every block in it, so that a typo can be put anywhere. */
const full = {
  ...minimal,
  variants: { ...minimal.variants, strategy: "momentum" },
  trader_name: "full",
  version: "1",
  strategy_config: { lookback_period: 20 },
  broker_config: { active_broker: "bybit", test_mode: true, credentials: { api_key: "${K}", api_secret: "${S}", passphrase: "${P}" } },
  trading_symbols: { futures: ["BTC/USDT:USDT"], crypto: [], stocks: [], etf: [] },
  risk_settings: {},
  members: [{ name: "second", strategy: "rsi", strategy_config: {}, weight: 1 }],
  models: [{ id: "lstm", name: "lstm", weight: 1 }],
  sizing: { method: "cash_fraction", fraction: 0.5 },
  costs: {},
  account: {},
  fills: {},
  decision: {},
  exits: {},
  protections: [{ kind: "cooldown" }],
  timeframes: { decision: "5m", finest: "1m" },
  instruments: { "BTC/USDT:USDT": { tick: 0.1 } },
};

type Json = { [key: string]: Json } & Json[];
const blocks: (string | number)[][] = [
  [],
  ["variants"],
  ["broker_config"],
  ["broker_config", "credentials"],
  ["trading_symbols"],
  ["risk_settings"],
  ["members", 0],
  ["models", 0],
  ["costs"],
  ["account"],
  ["fills"],
  ["decision"],
  ["exits"],
  ["protections", 0],
  ["timeframes"],
  ["instruments", "BTC/USDT:USDT"],
];

function keysOf(path: readonly (string | number)[]): string[] {
  return [...new Set(nodesAt(root, path).flatMap((node) => Object.keys(node.properties ?? {})))];
}

/** Renames or adds the key under its misspelling. */
function misspelt(path: readonly (string | number)[], key: string, typo: string): unknown {
  const copy = structuredClone(full) as unknown as Json;
  const holder = path.reduce<Json>((at, part) => at[part as number] as Json, copy);
  const value = holder[key] ?? (1 as unknown as Json);
  Reflect.deleteProperty(holder, key);
  holder[typo] = value;
  return copy;
}

const typosOf = (key: string): string[] => [`${key}${key.at(-1)}`, key.slice(0, 2) + key.slice(1)];

test("the sound file is sound", () => {
  expect(refusal(full)).toBe("");
  for (const path of blocks) expect(keysOf(path).length).toBeGreaterThan(0);
});

test.each(blocks.flatMap((path) => keysOf(path).map((key) => [path.join("."), key, path] as const)))(
  "a typo in %s / %s is refused and the key named",
  (_, key, path) => {
    for (const typo of typosOf(key)) expect(refusal(misspelt(path, key, typo))).toContain(`unknown key; did you mean "${key}"?`);
  },
);

test.each(Object.values(strategies).flatMap(({ name, parameters }) => Object.keys(parameters).map((key) => [name, key] as const)))(
  "a typo in a parameter of %s, %s, is refused and the parameter named",
  (strategy, key) => {
    const file = { variants: { ...minimal.variants, strategy }, strategy_config: { [`${key}x`]: 1 } };
    expect(refusal(file)).toContain(`strategy_config.${key}x: unknown key; did you mean "${key}"?`);
  },
);

test("a problem names file, line, column and path", () => {
  const text = `{
  // a comment moves no line
  "variants": { "broker": "bybit", "strategy": "rsi", "mode": "backtest", "asset_class": "futures" },
  "risk_settings": {
    "max_positon_size": 5,
  }
}`;
  expect(refusal(text)).toBe(
    'configs/variants/sample.json:5:5 risk_settings.max_positon_size: unknown key; did you mean "max_position_size"?',
  );
});

test("a key in the wrong block is sent to the right one", () => {
  expect(refusal({ ...minimal, stop_loss_pct: 2 })).toContain('did you mean "risk_settings.stop_loss_pct"?');
});

test("all problems of a file come at once, in its order", () => {
  const lines = refusal({
    variants: { ...minimal.variants, mode: "papr" },
    strategy_config: { rsi_perod: 3 },
    broker_config: { credentials: { api_key: "plain" } },
    trading_symbols: ["BTC"],
    risk_settings: { risk_per_trade: 2, stop_loss_pct: "NaN" },
  }).split("\n");
  expect(lines.map((line) => line.split(" ")[1])).toEqual([
    "variants.mode:",
    "strategy_config.rsi_perod:",
    "broker_config.credentials.api_key:",
    "risk_settings.risk_per_trade:",
    "risk_settings.stop_loss_pct:",
  ]);
  expect(lines[0]).toContain('did you mean "paper"?');
});

test("rules across fields are judged together with single fields", () => {
  const message = refusal({
    ...minimal,
    broker_config: { active_broker: "okx" },
    trading_symbols: ["BTC/USDT:USDT", "btc"],
    risk_settings: { leverage: -1 },
  });
  expect(message).toContain("active_broker: is okx, but variants.broker is bybit");
  expect(message).toContain("accepted for futures");
  expect(message).toContain("leverage: must be at least 1, found -1");
});

const impossible: readonly (readonly [string, Record<string, unknown>])[] = [
  ["risk_settings.risk_per_trade", { risk_settings: { risk_per_trade: 1.5 } }],
  ["risk_settings.risk_per_trade", { risk_settings: { risk_per_trade: 0 } }],
  ["risk_settings.stop_loss_pct", { risk_settings: { stop_loss_pct: 100 } }],
  ["risk_settings.stop_loss_pct", { risk_settings: { stop_loss_pct: -2 } }],
  ["risk_settings.stop_loss_pct", { risk_settings: { stop_loss_pct: null } }],
  ["risk_settings.max_position_size", { risk_settings: { max_position_size: "NaN" } }],
  ["risk_settings.max_concurrent_positions", { risk_settings: { max_concurrent_positions: 1.5 } }],
  ["risk_settings.max_drawdown_pct", { risk_settings: { max_drawdown_pct: 101 } }],
  ["account.starting_balance", { account: { starting_balance: -1 } }],
  ["account.starting_balance", { account: { starting_balance: 1e-13 } }],
  ["account.currency", { account: { currency: "usd" } }],
  ["account.currency", { account: { currency: "EUR" } }],
  ["decision.threshold", { decision: { threshold: 2 } }],
  ["fills.latency_ms", { fills: { latency_ms: -1 } }],
  ["costs.taker_fee", { costs: { taker_fee: 5 } }],
  ["sizing.fraction", { sizing: { method: "cash_fraction", fraction: 2 } }],
  ["sizing.method", { sizing: { method: "kelly" } }],
  ["timeframes[0]", { timeframes: ["2m"] }],
  ["trading_symbols", { trading_symbols: "BTC/USDT" }],
  ["trading_symbols", { trading_symbols: [] }],
  ["trading_symbols[1]", { trading_symbols: ["BTC/USDT:USDT", "BTCUSDT"] }],
  ["trading_symbols", { trading_symbols: ["BTC/USDT:USDT", "BTC/USD:BTC"] }],
  ["trading_symbols.stocks[0]", { trading_symbols: { stocks: ["apple"] } }],
  ["exits.trailing_stop_pct", { risk_settings: { trailing_stop_pct: 1 }, exits: { trailing_stop_pct: 2 } }],
  ["strategy_config", { strategy_config: { oversold: 80, overbought: 20 } }],
  ["strategy_config.rsi_period", { strategy_config: { rsi_period: 0 } }],
  ["strategy_config.rsi_period", { strategy_config: { rsi_period: "14" } }],
  ["members[0]", { members: [{ strategy: "rsi" }] }],
  ["members[0].strategy_config.period", { members: [{ strategy: "mfi", strategy_config: { period: 0 } }] }],
  ["strategy_file", { strategy_file: "x.ts" }],
  ["instruments.nonsense", { instruments: { nonsense: {} } }],
  ["trading_symbols.futures[0]", { instruments: { "*": { max_leverage: 10, maintenance_margin: 0.2 } } }],
  ['instruments["BTC/USDT:USDT"]', { instruments: { "BTC/USDT:USDT": { kind: "inverse" } } }],
  ["protections[0].kind", { protections: [{ kind: "cooldwn" }] }],
  ["risk_settings", { risk_settings: null }],
  ["trader_name", { trader_name: "${NAME}" }],
];

test.each(impossible)("an impossible value of %s is refused there: %o", (path, block) => {
  const message = refusal({ ...minimal, ...block });
  expect(message.split("\n").some((line) => line.includes(` ${path}: `))).toBe(true);
});

test("a variant must make its four choices", () => {
  expect(refusal({})).toContain("variants: missing; expected an object");
  expect(refusal({ variants: { broker: "bybit", mode: "paper", asset_class: "crypto" } })).toContain(
    "variants.strategy: missing; expected one of",
  );
});

test.each([
  [" ", "file is empty"],
  ["{", "not valid JSON"],
  ['{"a": 1, "a": 2}', "a: key given twice"],
  ["[]", "expected an object, found a list"],
])("the text %o is refused", (text, expected) => {
  expect(refusal(text)).toContain(expected);
});

test.each(["__proto__", "constructor", "toString"])("the key %s is as unknown as any other", (key) => {
  const text = JSON.stringify(minimal).slice(0, -1);
  expect(refusal(`${text}, "${key}": {}}`)).toContain("unknown key");
  expect(refusal(`${text}, "risk_settings": {"${key}": 1}}`)).toContain("unknown key");
  expect(refusal(`${text}, "strategy_config": {"${key}": 1}}`)).toContain("unknown key");
});

test("nothing near is invented for a key that resembles none", () => {
  expect(nearest("qwertzuiop", ["tick", "step"])).toBeUndefined();
  expect(refusal({ ...minimal, fills: { qwertzuiop: 1 } })).toContain("unknown key; known here: latency_ms, max_volume_share, at_end");
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import fc from "fast-check";
import { canonicalJson } from "../src/hash.ts";
import { loadVariant, parseVariant } from "../src/load-variant.ts";
import { compile, minimal } from "./variant-file.ts";

const base = compile(minimal).configHash;

test.each([
  ["the mode", { variants: { ...minimal.variants, mode: "futures" } }],
  ["the credentials", { broker_config: { credentials: { api_key: "${OTHER}", api_secret: "${OTHER_TOO}" } } }],
  ["the trader's name", { trader_name: "someone" }],
  ["the schema reference", { $schema: "../variant.schema.json" }],
  ["a default that is written out", { risk_settings: { stop_loss_pct: 2 }, strategy_config: { rsi_period: 14 } }],
])("%s does not change it", (_, block) => {
  expect(compile({ ...minimal, ...block }).configHash).toBe(base);
});

test("neither do comments, order of keys or the file's name", () => {
  const { broker, strategy, mode, asset_class } = minimal.variants;
  const text = `// hello\n{"variants": ${JSON.stringify({ asset_class, mode, strategy, broker })},}`;
  expect(parseVariant(text, "elsewhere/another.json").configHash).toBe(base);
});

test.each([
  [{ variants: { ...minimal.variants, strategy: "mfi" } }],
  [{ variants: { ...minimal.variants, broker: "okx" } }],
  [{ strategy_config: { rsi_period: 15 } }],
  [{ version: "2" }],
  [{ broker_config: { test_mode: false } }],
  [{ trading_symbols: ["BTC/USDT:USDT"] }],
  [{ risk_settings: { leverage: 2 } }],
  [{ members: [{ strategy: "mfi" }] }],
  [{ models: [{ id: "lstm" }] }],
  [{ sizing: { method: "quantity", quantity: 1 } }],
  [{ costs: { taker_fee: 0.001 } }],
  [{ account: { starting_balance: 1 } }],
  [{ fills: { latency_ms: 1 } }],
  [{ decision: { every_closes: 2 } }],
  [{ exits: { max_hold_closes: 2 } }],
  [{ protections: [{ kind: "cooldown" }] }],
  [{ timeframes: ["5m"] }],
  [{ instruments: { "*": { tick: 0.5 } } }],
])("%o changes it", (block) => {
  expect(compile({ ...minimal, ...block }).configHash).not.toBe(base);
});

test("overrides of symbols and timeframe change it, one of the mode does not", () => {
  expect(compile(minimal, { modeOverride: "paper" }).configHash).toBe(base);
  expect(compile(minimal, { symbolOverride: ["SOL/USDT:USDT"] }).configHash).not.toBe(base);
  expect(compile(minimal, { timeframeOverride: "1h" }).configHash).not.toBe(base);
});

test("an override that names the variant's own symbols changes nothing", () => {
  const own = (config: object) => {
    const { plan, configHash } = compile(config);
    expect(compile(config, { symbolOverride: plan.instruments.map(({ symbol }) => symbol) }).configHash).toBe(configHash);
  };
  own(minimal);
  own({ ...minimal, trading_symbols: ["SOL/USDT:USDT"] });
  own({ ...minimal, trading_symbols: { futures: ["SOL/USDT:USDT", "BTC/USDT:USDT"], crypto: ["BTC/USDT"] } });
});

test("a user's strategy counts by its bytes, not by its path", () => {
  const folder = mkdtempSync(join(tmpdir(), "tradewind-"));
  try {
    const file = (name: string) =>
      JSON.stringify({ variants: { ...minimal.variants, strategy: "custom" }, strategy_file: name, strategy_config: { fast: 5 } });
    writeFileSync(join(folder, "one.ts"), "export default 1;");
    writeFileSync(join(folder, "same.ts"), "export default 1;");
    writeFileSync(join(folder, "other.ts"), "export default 2;");
    for (const name of ["one", "same", "other"]) writeFileSync(join(folder, `${name}.json`), file(`${name}.ts`));
    const [one, same, other] = ["one", "same", "other"].map((name) => loadVariant(join(folder, `${name}.json`)));
    expect(same!.configHash).toBe(one!.configHash);
    expect(other!.configHash).not.toBe(one!.configHash);
    expect(one!.strategyFile).toMatchObject({ path: join(folder, "one.ts"), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(one!.plan.members[0]).toMatchObject({ source: "one", name: join(folder, "one.ts"), parameters: { fast: 5 } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("canonical JSON depends on the value, not on the order of keys", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(turned)).toBe(canonicalJson(value));
      // Negative zero has no spelling of its own in JSON.
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPrng } from "@tradewind/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repo, T0, variantText, walkCsv, workplace, type Workplace } from "./support.ts";

const dataFolder = repo("../shared/data");
const dataAvailable = existsSync(dataFolder);
if (!dataAvailable) console.warn(`recorded market data not found at ${dataFolder}: the tests that need it are left out`);
const recorded = (name: string) => `${dataFolder}/candles/${name}.csv`;
const btc = recorded("BTC-USDT-PERP_1m_2022-01");

let place: Workplace;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place.dispose());

async function backtest(...argv: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await place.cli("backtest", ...argv, "--json");
  expect(code, err).toBe(0);
  expect(out.endsWith("}\n")).toBe(true);
  return JSON.parse(out) as Record<string, unknown>;
}

describe.runIf(dataAvailable)("backtest of the five strategies on recorded candles", () => {
  const variants = [
    "binance_futures_live",
    "binance_futures_rsi",
    "bybit_futures_macd",
    "okx_futures_mfi",
    "bybit_futures_vwap",
    "sma_cross_example",
  ];

  it.each(variants)("%s trades, the same twice, and says so in one JSON object", async (name) => {
    const file = repo(`configs/variants/${name}.json`);
    const result = await backtest(file, "--data", btc);
    const again = await backtest(file, "--data", btc, "--no-save");
    const { candles_per_second: speed, ...rest } = result;
    const { candles_per_second: _, ...restAgain } = again;
    expect(restAgain).toEqual(rest);
    expect(speed).toBeGreaterThan(0);
    expect(result["variant"]).toBe(name);
    expect(result["candles"]).toBe(45_031);
    for (const key of ["orders", "fills", "trades"]) expect(result[key], key).toBeGreaterThan(50);
    for (const key of ["config_hash", "ledger_hash"]) expect(result[key], key).toMatch(/^[0-9a-f]{64}$/);
    for (const key of [
      "start_equity",
      "final_equity",
      "return_pct",
      "max_drawdown_pct",
      "sharpe",
      "sortino",
      "win_rate_pct",
      "profit_factor",
      "fees",
      "exposure_pct",
    ])
      expect(result[key], key).toEqual(expect.any(Number));
    expect(Number(result["final_equity"]) / Number(result["start_equity"]) - 1).toBeCloseTo(Number(result["return_pct"]) / 100, 9);
  });

  it.each([
    ["goog_sma_cross", { trades: 66, final_equity: 51_422.99, return_pct: 414.2299, fees: 0 }],
    ["goog_sma_cross_long", { trades: 33, final_equity: 18_623.8663635, fees: 916.6901365 }],
  ])("%s gives the golden result, to the cent", async (name, golden) => {
    const result = await backtest(repo(`services/lab/test/golden/${name}.json`), "--data", recorded("usa_GOOG_1d_2004-2013"), "--no-save");
    expect(result).toMatchObject({ ...golden, candles: 2_148, denials: {}, open_positions: 0 });
  });

  it("charges funding at the mark prices given, and the ledger is sound", async () => {
    const argv = [repo("configs/variants/template.json"), "--symbol", "XRP/USDT:USDT", "--data", recorded("gate_XRP-USDT-PERP_5m_2021-11")];
    const free = await backtest(...argv, "--no-save");
    const charged = await backtest(
      ...argv,
      "--funding",
      recorded("gate_XRP-USDT-PERP_8h_funding"),
      "--mark",
      recorded("gate_XRP-USDT-PERP_8h_mark"),
    );
    expect(free["funding"]).toBe(0);
    expect(charged["funding"]).not.toBe(0);
    expect(charged["ledger_hash"]).not.toBe(free["ledger_hash"]);
    const { code, out } = await place.cli("ledger", "verify", "template", "--json");
    expect({ code, problems: (JSON.parse(out) as { problems: unknown }).problems }).toEqual({ code: 0, problems: [] });
    const lines = (await place.cli("ledger", "export", "template")).out.split("\n").filter((line) => line.includes("|funding|"));
    const paid = lines.map((line) => Number(line.split("|")[8])).reduce((a, b) => a + b);
    expect(paid).toBeCloseTo(Number(charged["funding"]), 7);
    // Every payment is 0.0001 of the position's value: a third of it and three times it would be wrong.
    for (const line of lines) expect(Math.abs(Number(line.split("|")[8]))).toBeLessThan(0.0001 * 10_000);
  });
});

describe("a run without trades", () => {
  it("has null for what is undefined, and zero for what is not", async () => {
    place.write("idle.json", variantText({ strategy_config: { threshold_buy: 90, threshold_sell: -90 } }));
    place.write("two.csv", walkCsv(2));
    const result = await backtest("idle.json", "--data", "two.csv", "--no-save");
    expect(result).toMatchObject({
      candles: 2,
      orders: 0,
      fills: 0,
      trades: 0,
      fees: 0,
      exposure_pct: 0,
      return_pct: 0,
      max_drawdown_pct: 0,
      final_equity: 10_000,
    });
    for (const key of ["sharpe", "sortino", "win_rate_pct", "profit_factor", "expectancy", "best_trade_pct"])
      expect(result[key], key).toBeNull();
  });
});

describe("candles from the store", () => {
  it("give the ledger that the same candles give from a file", async () => {
    place.write("walk.json", variantText());
    place.write("walk.csv", walkCsv(2_000));
    const { code, out } = await place.cli("data", "import", "walk.csv", "--venue", "bybit", "--symbol", "BTC/USDT:USDT", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ rows: 2_000, added: 2_000, replaced: 0 });
    const direct = await backtest("walk.json", "--data", "walk.csv", "--no-save");
    const stored = await backtest("walk.json", "--from", "2024-01-01", "--to", "2024-01-03", "--no-save");
    expect(direct["trades"]).toBeGreaterThan(3);
    expect(stored["ledger_hash"]).toBe(direct["ledger_hash"]);
    expect(stored["config_hash"]).toBe(direct["config_hash"]);
    const part = await backtest("walk.json", "--from", "2024-01-01T10:00", "--to", "2024-01-01T20:00", "--no-save");
    expect(part).toMatchObject({ candles: 600, from: "2024-01-01T10:00:00.000Z", to: "2024-01-01T20:00:00.000Z" });
  });

  it("run several symbols on one account, in config order, the same each time", async () => {
    const symbols = ["BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"];
    for (const [i, symbol] of symbols.entries()) {
      // The third begins later and ends earlier.
      place.write("symbol.csv", i === 2 ? walkCsv(1_000, 50, T0 + 300 * 60_000, 100) : walkCsv(1_500, 40 + i, T0, 40_000 / 15 ** i));
      expect((await place.cli("data", "import", "symbol.csv", "--venue", "okx", "--symbol", symbol)).code).toBe(0);
    }
    place.write(
      "three.json",
      variantText(
        {
          trading_symbols: symbols,
          fills: { at_end: "close_at_close" },
          risk_settings: { max_total_exposure: null, max_daily_loss_pct: null, leverage: 5 },
        },
        { broker: "okx" },
      ),
    );
    const result = await backtest("three.json", "--from", "2024-01-01");
    expect(result).toMatchObject({ symbols, candles: 4_000, open_positions: 0 });
    expect((await backtest("three.json", "--from", "2024-01-01", "--no-save"))["ledger_hash"]).toBe(result["ledger_hash"]);
    const { out } = await place.cli("ledger", "export", "three");
    const traded = new Set(
      out
        .split("\n")
        .filter((line) => line.includes("|fill|"))
        .map((line) => line.split("|")[3]),
    );
    expect([...traded].toSorted((a, b) => (a! < b! ? -1 : 1))).toEqual(["BTC-USDT-PERP", "ETH-USDT-PERP", "SOL-USDT-PERP"]);
    expect((await place.cli("ledger", "verify", "three")).code).toBe(0);
    const missing = await place.cli("backtest", "three.json", "--from", "2030-01-01");
    expect(missing.err).toMatch(/BTC-USDT-PERP/);
  });
});

describe("the ledger of a run", () => {
  let file: string;
  let hash: string;
  beforeAll(async () => {
    place.write("run.json", variantText());
    place.write("run.csv", walkCsv(1_200, 9));
    hash = String((await backtest("run.json", "--data", "run.csv"))["ledger_hash"]);
    const folder = readdirSync(join(place.path, "data/runs")).find((name) => name.startsWith("run-"))!;
    file = join(place.path, "data/runs", folder, "ledger.jsonl");
  });

  it("hashes to the run's ledger_hash, however it is exported", async () => {
    const printed = (await place.cli("ledger", "export", "run")).out;
    expect(createHash("sha256").update(printed).digest("hex")).toBe(hash);
    expect((await place.cli("ledger", "export", "run", "--out", "lines.txt")).code).toBe(0);
    expect(readFileSync(join(place.path, "lines.txt"), "utf8")).toBe(printed);
    const entries = (await place.cli("ledger", "export", "run", "--json")).out;
    expect(entries).toBe(readFileSync(file, "utf8"));
    place.write("copy.jsonl", entries);
    expect(JSON.parse((await place.cli("ledger", "verify", "copy.jsonl", "--json")).out)).toMatchObject({
      ledger_hash: hash,
      problems: [],
    });
  });

  it("shows any changed character", async () => {
    const sound = readFileSync(file, "latin1");
    const prng = createPrng(3);
    for (let i = 0; i < 60; i++) {
      const at = prng.below(sound.length);
      const digit = sound.charCodeAt(at) >= 48 && sound.charCodeAt(at) <= 57;
      const other = digit ? String((Number(sound[at]) + 1 + prng.below(9)) % 10) : "~";
      writeFileSync(file, `${sound.slice(0, at)}${other}${sound.slice(at + 1)}`, "latin1");
      const { code, out } = await place.cli("ledger", "verify", "run", "--json");
      expect(code, `character ${at}`).toBe(3);
      expect((JSON.parse(out) as { problems: string[] }).problems.length).toBeGreaterThan(0);
    }
    writeFileSync(file, sound.slice(0, -50), "latin1");
    expect((await place.cli("ledger", "verify", "run")).out).toMatch(/NOT SOUND[^]*cut off/);
    writeFileSync(file, sound, "latin1");
    expect((await place.cli("ledger", "verify", "run")).code).toBe(0);
  });

  it("shows a changed amount without its manifest too", async () => {
    const lines = readFileSync(file, "utf8").split("\n");
    const at = lines.findIndex((line) => line.includes('"type":"fill"'));
    for (const change of [
      (line: string) => line.replace(/"positionAfter":"(-?)\d/, (_, sign: string) => `"positionAfter":"${sign}7`),
      (line: string) => line.replace(/("account":"fee"[^}]*"amount":"-?)\d/, (_, start: string) => `${start}7`),
      (line: string) => line.replace(/("price":")\d/, (_, start: string) => `${start}7`),
      (line: string) => line.replace(/("fee":")\d/, (_, start: string) => `${start}7`),
      (line: string) => line.replace(/("feeCurrency":")/, (_, start: string) => `${start}X`),
      (line: string) => line.replace(/("realized":")\d/, (_, start: string) => `${start}7`),
      (line: string) => line.replace(/"n":\d+/, '"n":9999'),
      (line: string) => line.replace(/"events":\[/, '"events":[null,'),
    ]) {
      expect(change(lines[at]!)).not.toBe(lines[at]);
      place.write("changed.jsonl", lines.map((line, i) => (i === at ? change(line) : line)).join("\n"));
      const { code, err } = await place.cli("ledger", "verify", "changed.jsonl");
      expect({ code, err }).toEqual({ code: 3, err: "" });
    }
  });

  it("a damaged manifest is named", async () => {
    const manifest = join(file, "../manifest.json");
    const sound = readFileSync(manifest, "utf8");
    for (const text of ["", "{", "[]", "null"]) {
      writeFileSync(manifest, text);
      const { code, err } = await place.cli("ledger", "export", "run");
      expect(code).toBe(2);
      expect(err).toMatch(/manifest\.json.*run the backtest again/);
    }
    writeFileSync(manifest, sound);
  });
});

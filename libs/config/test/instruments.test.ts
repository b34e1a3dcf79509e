import { expect, test } from "vitest";
import fc from "fast-check";
import { calendarNamed, formatFixed, toNumber, type AssetClass, type Rate } from "@tradewind/core";
import { brokers } from "../src/instruments/registry.ts";
import { resolveInstrument } from "../src/instruments/resolve.ts";
import { parseSymbol } from "../src/instruments/symbol.ts";
import { effectiveLeverage, leverageBound, liquidationRatio } from "../src/leverage.ts";
import { compile, minimal } from "./variant-file.ts";

test.each([
  ["crypto", "BTC/USDT", "BTC/USDT", "BTC-USDT", "spot", "USDT"],
  ["crypto", "BTC-USDT", "BTC/USDT", "BTC-USDT", "spot", "USDT"],
  ["crypto", "ETHBTC", "ETH/BTC", "ETH-BTC", "spot", "BTC"],
  ["crypto", "1INCHUSDC", "1INCH/USDC", "1INCH-USDC", "spot", "USDC"],
  ["futures", "BTC/USDT:USDT", "BTC/USDT:USDT", "BTC-USDT-PERP", "linear", "USDT"],
  ["futures", "BTC/USDT", "BTC/USDT:USDT", "BTC-USDT-PERP", "linear", "USDT"],
  ["futures", "BTCUSDT", "BTC/USDT:USDT", "BTC-USDT-PERP", "linear", "USDT"],
  ["futures", "BTC-USDT-PERP", "BTC/USDT:USDT", "BTC-USDT-PERP", "linear", "USDT"],
  ["futures", "BTC/USD:USD", "BTC/USD:USD", "BTC-USD-PERP", "linear", "USD"],
  ["futures", "BTC/USD:BTC", "BTC/USD:BTC", "BTC-USD-BTC-PERP", "inverse", "BTC"],
  ["futures", "BTC-USD-BTC-PERP", "BTC/USD:BTC", "BTC-USD-BTC-PERP", "inverse", "BTC"],
  ["stocks", "AAPL", "AAPL", "AAPL", "spot", "USD"],
  ["stocks", "BRK.B", "BRK.B", "BRK_B", "spot", "USD"],
  ["etf", "SPY", "SPY", "SPY", "spot", "USD"],
] as const)("%s %s is %s with id %s", (assetClass, text, symbol, id, kind, settle) => {
  expect(parseSymbol(text, assetClass)).toMatchObject({ symbol, id, kind, settle });
  // Symbol and id both lead back to the same instrument.
  expect(parseSymbol(symbol, assetClass).id).toBe(id);
  expect(parseSymbol(id, assetClass).symbol).toBe(symbol);
});

test.each([
  ["crypto", "btc/usdt"],
  ["crypto", "BTC"],
  ["crypto", "BTC/BTC"],
  ["crypto", "BTC/USDT:USDT"],
  ["crypto", "BTC-USDT-PERP"],
  ["futures", "BTC/USD"],
  ["futures", "BTC/USDT:ETH"],
  ["futures", "AAPL"],
  ["stocks", "BTC/USDT"],
  ["stocks", ""],
] as const)("%s refuses %o and shows the accepted forms", (assetClass: AssetClass, text: string) => {
  expect(() => parseSymbol(text, assetClass)).toThrow(`accepted for ${assetClass}`);
});

test("what does not say its settlement is settled by a kind override", () => {
  const file = { ...minimal, trading_symbols: ["BTC/USD"], instruments: { "*": { kind: "inverse" } } };
  const [instrument] = compile(file).plan.instruments;
  expect(instrument).toMatchObject({ symbol: "BTC/USD:BTC", kind: "inverse", settle: "BTC" });
});

test("every broker's own symbols and known terms resolve to sane instruments", () => {
  for (const [broker, { markets }] of Object.entries(brokers)) {
    for (const [assetClass, market] of Object.entries(markets)) {
      for (const symbol of [...market.symbols, ...Object.keys(market.known ?? {})]) {
        const instrument = resolveInstrument(broker, assetClass as AssetClass, symbol);
        expect(instrument.symbol).toBe(symbol);
        expect(instrument.id).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(calendarNamed(instrument.calendar).name).toBe(instrument.calendar);
        for (const positive of [instrument.tick, instrument.step, instrument.multiplier, instrument.initialMargin])
          expect(positive > 0n).toBe(true);
        expect(instrument.takerFee >= instrument.makerFee).toBe(true);
        expect(instrument.maintenanceMargin < instrument.initialMargin).toBe(true);
      }
    }
  }
});

test("overrides: costs below *, * below the symbol, in whichever spelling", () => {
  const file = {
    ...minimal,
    trading_symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT"],
    costs: { maker_fee: 0.001, taker_fee: 0.001 },
    instruments: { BTCUSDT: { taker_fee: 0.003 }, "*": { taker_fee: 0.002, tick: 0.25 }, "SOL/USDT:USDT": { tick: 1 } },
  };
  const { plan, notices } = compile(file);
  const fees = plan.instruments.map(({ makerFee, takerFee, tick }) => [makerFee, takerFee, tick].map((value) => formatFixed(value)));
  expect(fees).toEqual([
    ["0.001", "0.003", "0.25"],
    ["0.001", "0.002", "0.25"],
  ]);
  expect(notices.map(({ code }) => code)).toEqual(["OVERRIDE_UNUSED"]);
});

const kind = fc.constantFrom("linear", "inverse");
const stop = fc.double({ min: 0.001, max: 0.9, noNaN: true });
const maintenance = fc.double({ min: 0, max: 0.05, noNaN: true });

test("below the bound both sides are stopped before they are liquidated; above it one is not", () => {
  fc.assert(
    fc.property(kind, stop, maintenance, fc.double({ min: 0.01, max: 0.999, noNaN: true }), (k, s, m, part) => {
      const bound = leverageBound(k, s, m);
      const below = bound * part;
      expect(liquidationRatio(k, "long", below, m)).toBeLessThan(1 - s);
      expect(liquidationRatio(k, "short", below, m)).toBeGreaterThan(1 + s);
      const above = bound * 1.01;
      const longFails = liquidationRatio(k, "long", above, m) > 1 - s;
      const shortFails = liquidationRatio(k, "short", above, m) < 1 + s;
      expect(longFails || shortFails).toBe(true);
    }),
  );
});

test("at its liquidation price a position's margin is exactly the maintenance margin", () => {
  fc.assert(
    fc.property(fc.double({ min: 1.5, max: 100, noNaN: true }), maintenance, (leverage, m) => {
      const linear = liquidationRatio("linear", "long", leverage, m);
      expect(1 / leverage + (linear - 1)).toBeCloseTo(m * linear, 9);
      const linearShort = liquidationRatio("linear", "short", leverage, m);
      expect(1 / leverage + (1 - linearShort)).toBeCloseTo(m * linearShort, 9);
      const inverse = liquidationRatio("inverse", "long", leverage, m);
      expect(1 / leverage + (1 - 1 / inverse)).toBeCloseTo(m / inverse, 9);
      const inverseShort = liquidationRatio("inverse", "short", leverage, m);
      expect(1 / leverage + (1 / inverseShort - 1)).toBeCloseTo(m / inverseShort, 9);
    }),
  );
});

test("effective leverage is the lowest of setting, venue and stop", () => {
  const perpetual = { kind: "linear", maxLeverage: 20, maintenanceMargin: 5_000_000_000n as Rate } as const;
  expect(toNumber(perpetual.maintenanceMargin)).toBe(0.005);
  expect(effectiveLeverage(perpetual, 3, 2)).toEqual({ leverage: 3, limit: "setting" });
  expect(effectiveLeverage(perpetual, 50, 2)).toEqual({ leverage: 20, limit: "venue" });
  expect(effectiveLeverage(perpetual, 50, null)).toEqual({ leverage: 20, limit: "venue" });
  // 1 / (0.1 + 0.005 + 0.0005) = 9.478...
  expect(effectiveLeverage(perpetual, 50, 10)).toEqual({ leverage: 9, limit: "liquidation" });
  // A bound that is whole itself, 1 / 0.2, puts liquidation on the stop, not beyond it.
  expect(effectiveLeverage({ ...perpetual, maintenanceMargin: 0n as Rate }, 50, 20)).toEqual({ leverage: 4, limit: "liquidation" });
  expect(effectiveLeverage({ ...perpetual, kind: "spot" }, 50, 2)).toEqual({ leverage: 1, limit: "spot" });
});

test("a lowered or ignored leverage is noticed, not silent", () => {
  const asked = { risk_settings: { leverage: 30, stop_loss_pct: 10 } };
  const futures = compile({ ...minimal, ...asked });
  expect(futures.plan.risk.leverage).toBe(9);
  expect(futures.notices.map(({ code }) => code)).toEqual(["LEVERAGE_LOWERED", "LEVERAGE_LOWERED"]);
  const spot = compile({ variants: { ...minimal.variants, asset_class: "crypto" }, ...asked });
  expect(spot.plan.risk.leverage).toBe(1);
  expect(new Set(spot.notices.map(({ code }) => code))).toEqual(new Set(["LEVERAGE_IGNORED"]));
  expect(compile(minimal).notices).toEqual([]);
});

import { ATR, BollingerBands, EMA, MACD, MFI, MOM, ROC, RSI, SMA, VWAP } from "trading-signals";
import { describe, expect, test } from "vitest";
import { indicatorColumns } from "../src/indicators/indicator.ts";
import { indicators } from "../src/indicators/registry.ts";
import { columnsOf, dataAvailable, readCandles, tableColumn, tableRows } from "./indicators-data.ts";

/** Both columns are numbers from row `from` on, on at least `rows` rows, and never further apart than `tolerance`. */
function expectAgreement(ours: Float64Array, table: Float64Array, from: number, tolerance: number, rows: number): void {
  let compared = 0;
  for (let i = from; i < table.length; i++) {
    if (Number.isNaN(table[i])) continue;
    expect(Math.abs(ours[i]! - table[i]!), `row ${i}: ${ours[i]} and ${table[i]}`).toBeLessThanOrEqual(tolerance);
    compared++;
  }
  expect(compared).toBeGreaterThanOrEqual(rows);
}

function firstNumber(column: Float64Array): number {
  return column.findIndex((value) => !Number.isNaN(value));
}

/** Printed tables carry half a unit of their last digit, and as much again from their rounded closes. */
describe.skipIf(!dataAvailable)("agreement with published tables (../shared/data)", () => {
  test("ATR 14, whose table counts the first bar's high - low as a true range, so it is compared from row 200 on", () => {
    const rows = tableRows("indicators/spy_atr_wilder.txt");
    const columns = columnsOf({ high: tableColumn(rows, 2), low: tableColumn(rows, 3), close: tableColumn(rows, 4) });
    const { value } = indicatorColumns(indicators.atr, { period: 14 }, columns);
    expectAgreement(value!, tableColumn(rows, 5), 200, 1e-5, 300);
  });

  test("Bollinger bands 20, 2", () => {
    const rows = tableRows("indicators/spy_bollinger_bands.txt");
    const ours = indicatorColumns(indicators.bollinger, {}, columnsOf({ close: tableColumn(rows, 4) }));
    expect(firstNumber(ours["middle"]!)).toBe(firstNumber(tableColumn(rows, 5)));
    expectAgreement(ours["middle"]!, tableColumn(rows, 5), 19, 1e-4, 480);
    expectAgreement(ours["upper"]!, tableColumn(rows, 6), 19, 1e-4, 480);
    expectAgreement(ours["lower"]!, tableColumn(rows, 7), 19, 1e-4, 480);
    expectAgreement(
      ours["bandwidth"]!.map((share) => share * 100),
      tableColumn(rows, 8),
      19,
      1.5e-4,
      480,
    );
    expectAgreement(ours["percentB"]!, tableColumn(rows, 9), 19, 1e-4, 480);
  });

  test("EMA 14 to the last bit of the table", () => {
    const rows = tableRows("indicators/spy_ema.csv");
    const { value } = indicatorColumns(indicators.ema, { period: 14 }, columnsOf({ close: tableColumn(rows, 1) }));
    expect([...value!]).toEqual([...tableColumn(rows, 2)]);
  });

  test("SMA 14, EMA 14, RSI 14 Wilder from their first row", () => {
    const rows = tableRows("indicators/spy_with_indicators.txt");
    const columns = columnsOf({ close: tableColumn(rows, 7) });
    for (const [definition, at, tolerance] of [
      [indicators.sma, 1, 0.01],
      [indicators.ema, 2, 0.01],
      [indicators.rsi, 5, 1e-5],
    ] as const) {
      const { value } = indicatorColumns(definition, { period: 14 }, columns);
      expect(firstNumber(value!)).toBe(firstNumber(tableColumn(rows, at)));
      expectAgreement(value!, tableColumn(rows, at), 0, tolerance, 480);
    }
  });

  test("MACD 12 26, whose table seeds the fast average on row 11 where TA-Lib aligns both on row 25", () => {
    const rows = tableRows("indicators/spy_with_indicators.txt");
    const { macd } = indicatorColumns(indicators.macd, {}, columnsOf({ close: tableColumn(rows, 7) }));
    expect(firstNumber(macd!)).toBe(firstNumber(tableColumn(rows, 3)));
    expectAgreement(macd!, tableColumn(rows, 3), 150, 5e-4, 340);
  });

  test("OBV changes by the volume in the direction of the close", () => {
    const rows = tableRows("indicators/spy_with_indicators.txt").slice(1);
    const table = tableColumn(rows, 6);
    const volume = table.map((level, i) => (i === 0 ? level : Math.abs(level - table[i - 1]!)));
    const { value } = indicatorColumns(indicators.obv, {}, columnsOf({ close: tableColumn(rows, 7), volume }));
    expectAgreement(value!, table, 0, 1e-3, 490);
  });

  test("MACD 12 26 9 with signal and histogram, whose table starts long after warm-up", () => {
    const rows = tableRows("indicators/spy_with_macd.txt");
    const ours = indicatorColumns(indicators.macd, {}, columnsOf({ close: tableColumn(rows, 4) }));
    for (const [output, at] of [
      ["macd", 5],
      ["signal", 6],
      ["histogram", 7],
    ] as const)
      expectAgreement(ours[output]!, tableColumn(rows, at), 0, 1e-5, 180);
  });
});

/** It seeds EMA, MACD and ATR differently, which has died away after 500 bars. */
describe.skipIf(!dataAvailable)("agreement with trading-signals after 500 bars (../shared/data)", () => {
  const columns = dataAvailable ? readCandles("usa_SPY_1d.csv", "1d") : columnsOf({ close: new Float64Array(0) });
  const column = (read: (i: number) => number | null | undefined) =>
    Float64Array.from({ length: columns.length }, (_, i) => read(i) ?? NaN);
  const close = (i: number) => columns.close[i]!;
  const bar = (i: number) => ({
    high: columns.high[i]!,
    low: columns.low[i]!,
    close: columns.close[i]!,
    volume: columns.volume[i]!,
    open: columns.open[i]!,
  });
  const agrees = (ours: Float64Array, theirs: Float64Array, tolerance = 1e-9) => expectAgreement(ours, theirs, 500, tolerance, 5_000);
  const run = (name: keyof typeof indicators, period?: number) =>
    indicatorColumns(indicators[name], period === undefined ? {} : { period }, columns);

  test("SMA, EMA, RSI, ROC, momentum", () => {
    const [sma, ema, rsi, roc, momentum] = [new SMA(20), new EMA(20), new RSI(14), new ROC(10), new MOM(10)];
    agrees(
      run("sma", 20)["value"]!,
      column((i) => sma.update(close(i), false)),
    );
    agrees(
      run("ema", 20)["value"]!,
      column((i) => ema.update(close(i), false)),
    );
    agrees(
      run("rsi", 14)["value"]!,
      column((i) => rsi.update(close(i), false)),
    );
    agrees(
      run("roc", 10)["value"]!,
      column((i) => 100 * (roc.update(close(i), false) ?? NaN)),
    );
    agrees(
      run("roc", 10)["momentum"]!,
      column((i) => momentum.update(close(i), false)),
    );
  });

  test("MACD with signal and histogram", () => {
    const theirs = new MACD(new EMA(12), new EMA(26), new EMA(9));
    const results = Array.from({ length: columns.length }, (_, i) => theirs.update(close(i), false));
    for (const output of ["macd", "signal", "histogram"] as const)
      agrees(
        run("macd")[output]!,
        column((i) => results[i]?.[output]),
      );
  });

  test("ATR, MFI, VWAP", () => {
    const [atr, mfi, vwap] = [new ATR(14), new MFI(14), new VWAP()];
    agrees(
      run("atr", 14)["value"]!,
      column((i) => atr.update(bar(i), false)),
    );
    agrees(
      run("mfi", 14)["value"]!,
      column((i) => mfi.update(bar(i), false)),
    );
    agrees(
      run("vwap")["value"]!,
      column((i) => vwap.update(bar(i), false)),
    );
  });

  test("Bollinger bands", () => {
    const theirs = new BollingerBands(20, 2);
    const results = Array.from({ length: columns.length }, (_, i) => theirs.update(close(i), false));
    for (const output of ["middle", "upper", "lower"] as const)
      agrees(
        run("bollinger")[output]!,
        column((i) => results[i]?.[output]),
      );
  });
});

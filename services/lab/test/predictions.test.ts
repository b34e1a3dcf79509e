import { describe, expect, test } from "vitest";
import { parseVariant } from "@tradewind/config";
import { createPrng, type CandleColumns, type MatrixPlan, allocateColumns } from "@tradewind/core";
import { inspectModel, referenceModel } from "@tradewind/onnx";
import { predict } from "../src/predictions.ts";
import { firstRows } from "./support.ts";

const INSTRUMENT = "BTC-USDT-PERP";
const START = Date.UTC(2026, 0, 5);
const SEED = 41;

const { plan } = parseVariant(
  JSON.stringify({
    variants: { broker: "bybit", strategy: "rsi", mode: "paper", asset_class: "futures" },
    trading_symbols: { futures: ["BTC/USDT:USDT"] },
    models: [{ id: "m", name: "voice" }],
  }),
  "variants/modelled.json",
);

function matrixOf(...timeframes: MatrixPlan["timeframes"]): MatrixPlan {
  return { timeframes, window: 3, features: [{ name: "log_return" }, { name: "rsi", parameters: { period: 5 } }] };
}

function modelsOf(matrix: MatrixPlan) {
  return new Map([["m", inspectModel(referenceModel({ matrix, seed: SEED }), "m")]]);
}

function walk(timeframe: "1m" | "5m", length: number): CandleColumns {
  const prng = createPrng(SEED);
  const columns = allocateColumns(INSTRUMENT, timeframe, length);
  const ms = timeframe === "1m" ? 60_000 : 300_000;
  for (let i = 0, price = 100; i < length; i++) {
    columns.openTime[i] = START + i * ms;
    columns.closeTime[i] = START + (i + 1) * ms;
    columns.open[i] = price;
    price *= 1 + prng.normal() * 0.003;
    columns.close[i] = price;
    columns.high[i] = Math.max(columns.open[i]!, price);
    columns.low[i] = Math.min(columns.open[i]!, price);
    columns.volume[i] = 1 + prng.below(100);
  }
  return columns;
}

describe("predictions of a backtest", () => {
  test("given two timeframes, when data ends early, then what was said before its end is the same: nothing looks ahead", async () => {
    const columns = walk("1m", 200);
    const models = modelsOf(matrixOf("1m", "5m"));
    const whole = await predict({ plan, columns: [columns], models });
    const part = await predict({ plan, columns: [firstRows(columns, 120)], models });
    const said = (of: typeof whole, rows: number) =>
      Array.from(columns.closeTime.subarray(0, rows), (closeTime) => of("voice", INSTRUMENT, closeTime));
    expect(said(part, 120)).toEqual(said(whole, 120));
    // Eight 5-minute bars fill the window of the coarser timeframe.
    expect(said(whole, 200).filter((one) => one !== undefined)).toHaveLength(200 - 39);
    expect(said(part, 200).slice(120)).toEqual(Array.from({ length: 80 }, () => undefined));
  });

  test("given a model of a coarser timeframe, when the data is finer, then it speaks on its own closes only", async () => {
    const columns = walk("1m", 100);
    const said = await predict({ plan, columns: [columns], models: modelsOf(matrixOf("5m")) });
    const closes = [...columns.closeTime].filter((closeTime) => said("voice", INSTRUMENT, closeTime) !== undefined);
    expect(closes).toEqual([...columns.closeTime].filter((_, i) => i % 5 === 4 && i >= 39));
  });

  test("given data coarser than the model takes, when it is asked, then one line says so", async () => {
    await expect(predict({ plan, columns: [walk("5m", 20)], models: modelsOf(matrixOf("1m")) })).rejects.toMatchObject({
      code: "MODEL_TIMEFRAME",
      action: "input",
    });
  });
});

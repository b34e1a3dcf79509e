import {
  allocateColumns,
  createPrng,
  fromNumber,
  type CandleColumns,
  type Instrument,
  type Money,
  type Price,
  type Qty,
  type Rate,
  type VariantPlan,
} from "@tradewind/core";
import { emaCross } from "./ema-cross.ts";

const MINUTE_MS = 60_000;
const START = Date.UTC(2022, 0, 1);

export const instrument: Instrument = {
  id: "BTC-USDT-PERP",
  symbol: "BTC/USDT:USDT",
  venue: "binance",
  assetClass: "futures",
  kind: "linear",
  base: "BTC",
  quote: "USDT",
  settle: "USDT",
  tick: fromNumber<Price>(0.01),
  step: fromNumber<Qty>(0.001),
  minQty: fromNumber<Qty>(0.001),
  minNotional: fromNumber<Money>(5),
  multiplier: fromNumber<Qty>(1),
  makerFee: fromNumber<Rate>(0.0002),
  takerFee: fromNumber<Rate>(0.0005),
  feeIn: "settle",
  maxLeverage: 20,
  initialMargin: fromNumber<Rate>(0.05),
  maintenanceMargin: fromNumber<Rate>(0.02),
  calendar: "crypto-24-7",
};

/** What every engine of the comparison trades by. */
export const rules = {
  fast: 60,
  slow: 480,
  quantity: 0.01,
  stopLossPct: 1,
  takeProfitPct: 2,
  startingBalance: 100_000,
};

/** The variant of the whole path: two averages, stop and target, exposure and loss limits. */
export const plan: VariantPlan = {
  id: "bench",
  broker: "binance",
  mode: "backtest",
  assetClass: "futures",
  account: { id: "bench", currency: "USDT", startingBalance: fromNumber<Money>(rules.startingBalance) },
  instruments: [instrument],
  timeframe: "1m",
  finestTimeframe: "1m",
  members: [{ source: "ema_cross", kind: "strategy", name: "ema_cross", parameters: { fast: rules.fast, slow: rules.slow }, weight: 1 }],
  decision: { threshold: 0.5, everyCloses: 1, validForCloses: 1, learningRate: 0, weightFloor: 0, regimes: "none" },
  sizing: { method: "quantity", quantity: rules.quantity },
  exits: { stopLossPct: rules.stopLossPct, takeProfitPct: rules.takeProfitPct, trailingStopPct: null, maxHoldCloses: null },
  risk: {
    maxPositionSize: 50_000,
    maxTotalExposure: 50_000,
    maxConcurrentPositions: 3,
    maxDailyLossPct: 50,
    maxDrawdownPct: 90,
    leverage: 1,
  },
  protections: [],
  costs: { spreadBps: 0, slippageBps: 0 },
  fills: { latencyMs: 0, maxVolumeShare: null, atEnd: "close_at_close" },
};

export const definitionOf = () => emaCross;

/** One-minute candles of a seeded random walk in whole cents, the same on every machine. */
export function seededColumns(rows: number): CandleColumns {
  const columns = allocateColumns(instrument.id, "1m", rows);
  const prng = createPrng(20_220_101);
  const cents = (price: number) => Math.round(price * 100) / 100;
  let price = 20_000;
  for (let i = 0; i < rows; i++) {
    const open = price;
    // Drawn back to where it began, so that a position stays of one size.
    price = cents(open * (1 + prng.normal() * 0.0008) + (20_000 - open) * 1e-5);
    columns.openTime[i] = START + i * MINUTE_MS;
    columns.closeTime[i] = START + (i + 1) * MINUTE_MS;
    columns.open[i] = open;
    columns.high[i] = cents(Math.max(open, price) * (1 + Math.abs(prng.normal()) * 0.0003));
    columns.low[i] = cents(Math.min(open, price) * (1 - Math.abs(prng.normal()) * 0.0003));
    columns.close[i] = price;
    columns.volume[i] = cents(1 + prng.next() * 20);
  }
  return columns;
}

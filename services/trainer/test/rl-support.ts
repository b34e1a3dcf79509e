import { allocateColumns, createPrng, fromNumber, type CandleColumns, type Instrument, type MatrixPlan } from "@tradewind/core";

export const START = Date.UTC(2026, 0, 5);
export const MINUTE = 60_000;

/** An instrument with fine steps; fees as given. */
export function instrumentOf(kind: "spot" | "linear", takerFee = 0.0002): Instrument {
  return {
    id: "BTC-USD",
    symbol: "BTC/USD",
    venue: "sim",
    assetClass: kind === "spot" ? "crypto" : "futures",
    kind,
    base: "BTC",
    quote: "USD",
    settle: "USD",
    tick: fromNumber(0.0001),
    step: fromNumber(0.0001),
    minQty: fromNumber(0.0001),
    minNotional: fromNumber(0),
    multiplier: fromNumber(1),
    makerFee: fromNumber(0),
    takerFee: fromNumber(takerFee),
    feeIn: "settle",
    maxLeverage: 10,
    initialMargin: fromNumber(0.1),
    maintenanceMargin: fromNumber(0.005),
    calendar: "crypto-24-7",
  };
}

export const volumes: MatrixPlan = {
  timeframes: ["1m"],
  window: 3,
  features: [{ name: "volume_zscore" }, { name: "log_return" }, { name: "body" }],
};

/** A market that gives itself away: a large volume is followed by a rise of `edge`, a small one by a fall. Bars open where the last one closed. */
export function planted(length: number, seed: number, edge = 0.004, noise = 0.001): CandleColumns {
  const prng = createPrng(seed);
  const columns = allocateColumns("BTC-USD", "1m", length);
  let price = 100;
  let told = 1;
  for (let row = 0; row < length; row++) {
    const open = price;
    const next = prng.chance(0.5) ? 1 : -1;
    const close = open * (1 + told * edge + noise * prng.normal());
    price = close;
    columns.openTime[row] = START + row * MINUTE;
    columns.closeTime[row] = START + (row + 1) * MINUTE;
    columns.open[row] = open;
    columns.close[row] = close;
    columns.high[row] = Math.max(open, close) * (1 + 0.0005 * prng.next());
    columns.low[row] = Math.min(open, close) * (1 - 0.0005 * prng.next());
    columns.volume[row] = next === 1 ? 100 + prng.next() : 10 + prng.next();
    told = next;
  }
  return columns;
}

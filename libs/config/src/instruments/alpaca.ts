import { spotTerms, type BrokerDefinition, type Terms } from "./broker.ts";

/** Whole shares: a resting stop on a fraction of a share lives for one day only. */
const shares: Terms = {
  tick: "0.01",
  step: "1",
  minQty: "1",
  minNotional: "1",
  multiplier: "1",
  makerFee: "0",
  takerFee: "0",
  feeIn: "settle",
  maxLeverage: 1,
  maintenanceMargin: "0",
};

/** Alpaca: US stocks and funds without commission, and crypto spot at the lowest-volume fees. */
export const alpaca: BrokerDefinition = {
  name: "alpaca",
  passphrase: false,
  markets: {
    crypto: {
      symbols: ["BTC/USD", "ETH/USD"],
      terms: { spot: { ...spotTerms, step: "0.000000001", minNotional: "1", makerFee: "0.0015", takerFee: "0.0025" } },
    },
    stocks: { symbols: ["AAPL", "MSFT", "GOOGL"], terms: { spot: shares } },
    etf: { symbols: ["SPY", "QQQ"], terms: { spot: shares } },
  },
};

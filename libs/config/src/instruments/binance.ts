import { inverseTerms, linearTerms, spotTerms, type BrokerDefinition } from "./broker.ts";

const derivativeFees = { makerFee: "0.0002", takerFee: "0.0005" } as const;
const margin = { maxLeverage: 125, maintenanceMargin: "0.004" } as const;

/** Binance: spot, USD-margined (linear) and coin-margined (inverse) perpetuals. Regular-user fees; first tier. */
export const binance: BrokerDefinition = {
  name: "binance",
  passphrase: false,
  markets: {
    crypto: {
      symbols: ["BTC/USDT", "ETH/USDT"],
      terms: { spot: { ...spotTerms, minNotional: "5", makerFee: "0.001", takerFee: "0.001" } },
      known: {
        "BTC/USDT": { tick: "0.01", step: "0.00001", minQty: "0.00001" },
        "ETH/USDT": { tick: "0.01", step: "0.0001", minQty: "0.0001" },
      },
    },
    futures: {
      symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT"],
      terms: {
        linear: { ...linearTerms, ...derivativeFees, ...margin, minNotional: "5" },
        inverse: { ...inverseTerms, ...derivativeFees, ...margin, multiplier: "10" },
      },
      known: {
        "BTC/USDT:USDT": { tick: "0.1", step: "0.001", minQty: "0.001", minNotional: "100" },
        "ETH/USDT:USDT": { tick: "0.01", step: "0.001", minQty: "0.001", minNotional: "20" },
        "BTC/USD:BTC": { tick: "0.1", multiplier: "100" },
        "ETH/USD:ETH": { tick: "0.01" },
      },
    },
  },
};

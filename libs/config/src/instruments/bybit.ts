import { inverseTerms, linearTerms, spotTerms, type BrokerDefinition } from "./broker.ts";

const derivativeFees = { makerFee: "0.0002", takerFee: "0.00055" } as const;
const margin = { maxLeverage: 100, maintenanceMargin: "0.005" } as const;

/** Bybit: spot, linear (USDT, USDC) and inverse perpetuals. Non-VIP fees; first risk tier. */
export const bybit: BrokerDefinition = {
  name: "bybit",
  passphrase: false,
  markets: {
    crypto: {
      symbols: ["BTC/USDT", "ETH/USDT"],
      terms: { spot: { ...spotTerms, minNotional: "5", makerFee: "0.001", takerFee: "0.001" } },
      known: {
        "BTC/USDT": { tick: "0.1", step: "0.000001", minQty: "0.000011" },
        "ETH/USDT": { tick: "0.01", step: "0.00001", minQty: "0.00029" },
      },
    },
    futures: {
      symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT"],
      terms: {
        linear: { ...linearTerms, ...derivativeFees, ...margin, minNotional: "5" },
        inverse: { ...inverseTerms, ...derivativeFees, ...margin },
      },
      known: {
        "BTC/USDT:USDT": { tick: "0.1", step: "0.001", minQty: "0.001" },
        "ETH/USDT:USDT": { tick: "0.01", step: "0.01", minQty: "0.01" },
        "BTC/USD:BTC": { tick: "0.1" },
        "ETH/USD:ETH": { tick: "0.01" },
      },
    },
  },
};

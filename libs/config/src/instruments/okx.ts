import { inverseTerms, linearTerms, spotTerms, type BrokerDefinition } from "./broker.ts";

const derivativeFees = { makerFee: "0.0002", takerFee: "0.0005" } as const;
const margin = { maxLeverage: 100, maintenanceMargin: "0.004" } as const;

/** OKX: spot, linear and inverse perpetuals, counted in contracts. Regular-user fees; first tier. */
export const okx: BrokerDefinition = {
  name: "okx",
  passphrase: true,
  markets: {
    crypto: {
      symbols: ["BTC/USDT", "ETH/USDT"],
      terms: { spot: { ...spotTerms, makerFee: "0.0008", takerFee: "0.001" } },
      known: {
        "BTC/USDT": { tick: "0.1", step: "0.00000001", minQty: "0.00001" },
        "ETH/USDT": { tick: "0.01", step: "0.000001", minQty: "0.0001" },
      },
    },
    futures: {
      symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT"],
      terms: {
        linear: { ...linearTerms, ...derivativeFees, ...margin },
        inverse: { ...inverseTerms, ...derivativeFees, ...margin, multiplier: "10" },
      },
      known: {
        "BTC/USDT:USDT": { tick: "0.1", multiplier: "0.01", step: "0.01", minQty: "0.01" },
        "ETH/USDT:USDT": { tick: "0.01", multiplier: "0.1", step: "0.01", minQty: "0.01" },
        "BTC/USD:BTC": { tick: "0.1", multiplier: "100" },
        "ETH/USD:ETH": { tick: "0.01" },
      },
    },
  },
};

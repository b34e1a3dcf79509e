import { inverseTerms, linearTerms, spotTerms, type BrokerDefinition } from "./broker.ts";

const derivativeFees = { makerFee: "0.0002", takerFee: "0.0005" } as const;
const margin = { maxLeverage: 50, maintenanceMargin: "0.01" } as const;

/** Kraken: spot (fee in the quote currency), linear (USD) and inverse perpetuals. Lowest-volume fees. */
export const kraken: BrokerDefinition = {
  name: "kraken",
  passphrase: false,
  markets: {
    crypto: {
      symbols: ["BTC/USD", "ETH/USD"],
      terms: { spot: { ...spotTerms, feeIn: "settle", makerFee: "0.0025", takerFee: "0.004" } },
      known: {
        "BTC/USD": { tick: "0.1", step: "0.00000001", minQty: "0.00005", minNotional: "0.5" },
        "ETH/USD": { tick: "0.01", step: "0.00000001", minQty: "0.001", minNotional: "0.5" },
      },
    },
    futures: {
      symbols: ["BTC/USD:USD", "ETH/USD:USD"],
      terms: {
        linear: { ...linearTerms, ...derivativeFees, ...margin },
        inverse: { ...inverseTerms, ...derivativeFees, ...margin },
      },
      known: {
        "BTC/USD:USD": { tick: "1", step: "0.0001", minQty: "0.0001" },
        "ETH/USD:USD": { tick: "0.1", step: "0.001", minQty: "0.001" },
        "BTC/USD:BTC": { tick: "0.5" },
        "ETH/USD:ETH": { tick: "0.05" },
      },
    },
  },
};

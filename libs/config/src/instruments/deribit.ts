import { inverseTerms, linearTerms, type BrokerDefinition } from "./broker.ts";

const fees = { makerFee: "0", takerFee: "0.0005" } as const;
const margin = { maxLeverage: 50, maintenanceMargin: "0.01" } as const;

/** Deribit: perpetuals only, linear (USDC) and inverse. */
export const deribit: BrokerDefinition = {
  name: "deribit",
  passphrase: false,
  markets: {
    futures: {
      symbols: ["BTC/USDC:USDC", "ETH/USDC:USDC"],
      terms: {
        linear: { ...linearTerms, ...fees, ...margin },
        inverse: { ...inverseTerms, ...fees, ...margin },
      },
      known: {
        "BTC/USDC:USDC": { tick: "0.5", step: "0.0001", minQty: "0.0001" },
        "ETH/USDC:USDC": { tick: "0.05", step: "0.001", minQty: "0.001" },
        "BTC/USD:BTC": { tick: "0.5", multiplier: "10" },
        "ETH/USD:ETH": { tick: "0.05" },
      },
    },
  },
};

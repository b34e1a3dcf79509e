import type { AssetClass, InstrumentKind } from "@tradewind/core";

/** A venue's terms for one kind of instrument. Decimal strings, exact; units as in `Instrument`. */
export interface Terms {
  readonly tick: string;
  readonly step: string;
  readonly minQty: string;
  readonly minNotional: string;
  readonly multiplier: string;
  /** Public fees of the base tier, as rates. */
  readonly makerFee: string;
  readonly takerFee: string;
  readonly feeIn: "settle" | "received";
  readonly maxLeverage: number;
  readonly maintenanceMargin: string;
}

/** What a broker offers in one asset class. */
export interface Market {
  /** Terms per kind of instrument; a kind that is absent is not offered. */
  readonly terms: Readonly<Partial<Record<InstrumentKind, Terms>>>;
  /** Symbols whose terms are known better than the kind's, by canonical symbol. */
  readonly known?: Readonly<Record<string, Partial<Terms>>>;
  /** Traded when a variant names none. */
  readonly symbols: readonly string[];
}

/**
 * One broker as known offline, for backtest, paper and checks. Live trading takes the venue's own
 * instrument list; where a coin's tick is not known here, a fine one is used, which never moves a price.
 */
export interface BrokerDefinition {
  readonly name: string;
  /** API keys of this venue come with a passphrase. */
  readonly passphrase: boolean;
  readonly markets: Readonly<Partial<Record<AssetClass, Market>>>;
}

const anyCoin = { tick: "0.00000001", minQty: "0", minNotional: "0", multiplier: "1" } as const;

/** Spot terms of a coin whose tick and step are not known. */
export const spotTerms = { ...anyCoin, step: "0.000001", feeIn: "received", maxLeverage: 1, maintenanceMargin: "0" } as const;

/** Linear perpetual terms of a coin whose tick and step are not known: quantities in coins. */
export const linearTerms = { ...anyCoin, step: "0.001", minQty: "0.001", feeIn: "settle" } as const;

/** Inverse perpetual terms: quantities in contracts of `multiplier` quote units. */
export const inverseTerms = { ...anyCoin, step: "1", minQty: "1", feeIn: "settle" } as const;

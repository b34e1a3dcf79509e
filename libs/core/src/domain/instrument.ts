import type { Money, Price, Qty, Rate } from "./fixed.ts";

export const assetClasses = ["crypto", "stocks", "futures", "etf"] as const;
export type AssetClass = (typeof assetClasses)[number];

/**
 * How a position is accounted for. `spot`: the asset itself is held (also shares and funds).
 * `linear`: a contract on `multiplier` base units, settled in the quote currency.
 * `inverse`: a contract on `multiplier` quote units, settled in the base currency.
 */
export type InstrumentKind = "spot" | "linear" | "inverse";

/** What is traded, as the venue defines it. */
export interface Instrument {
  /** Bus token, [A-Za-z0-9_-]: "BTC-USDT", "BTC-USDT-PERP", "BRK_B". */
  readonly id: string;
  /** As people write it: "BTC/USDT", "BTC/USDT:USDT", "AAPL". */
  readonly symbol: string;
  readonly venue: string;
  readonly assetClass: AssetClass;
  readonly kind: InstrumentKind;
  readonly base: string;
  readonly quote: string;
  /** Currency of cash flows and profit: quote for spot and linear, base for inverse. */
  readonly settle: string;
  readonly tick: Price;
  readonly step: Qty;
  readonly minQty: Qty;
  readonly minNotional: Money;
  /** Units per contract; 1 for spot. */
  readonly multiplier: Qty;
  readonly makerFee: Rate;
  readonly takerFee: Rate;
  /** `received`: a spot buy pays its fee in the base currency, as some venues do. */
  readonly feeIn: "settle" | "received";
  readonly maxLeverage: number;
  /** Share of notional to open a position, at the least (1 / leverage may ask for more). */
  readonly initialMargin: Rate;
  /** Share of notional below which the venue liquidates. */
  readonly maintenanceMargin: Rate;
  /** Session calendar by name. */
  readonly calendar: string;
}

/** What a position in it is counted in: the asset for spot, the contract otherwise. */
export function positionUnit(instrument: Instrument): string {
  return instrument.kind === "spot" ? instrument.base : instrument.id;
}

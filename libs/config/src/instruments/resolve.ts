import {
  formatFixed,
  fromNumber,
  inputFailure,
  parseFixed,
  type AssetClass,
  type Instrument,
  type InstrumentKind,
  type Money,
  type Price,
  type Qty,
  type Rate,
} from "@tradewind/core";
import { brokers } from "./registry.ts";
import { parseSymbol, type ParsedSymbol } from "./symbol.ts";
import type { Terms } from "./broker.ts";

/** Overrides of a variant's `instruments` block, in the file's units; undefined leaves the broker's value. */
export interface InstrumentOverride {
  readonly tick?: number | undefined;
  readonly step?: number | undefined;
  readonly min_qty?: number | undefined;
  readonly min_notional?: number | undefined;
  readonly multiplier?: number | undefined;
  readonly maker_fee?: number | undefined;
  readonly taker_fee?: number | undefined;
  readonly max_leverage?: number | undefined;
  readonly initial_margin?: number | undefined;
  readonly maintenance_margin?: number | undefined;
  readonly kind?: InstrumentKind | undefined;
  readonly calendar?: string | undefined;
}

const calendars: Readonly<Record<AssetClass, string>> = {
  crypto: "crypto-24-7",
  futures: "crypto-24-7",
  stocks: "us-regular",
  etf: "us-regular",
};

function termsOf(broker: string, assetClass: AssetClass, { symbol, kind }: ParsedSymbol): Terms {
  const market = brokers[broker]?.markets[assetClass];
  const terms = market?.terms[kind];
  if (!market || !terms)
    throw inputFailure("INSTRUMENT_UNAVAILABLE", `${broker} has no ${kind} instruments of asset class ${assetClass} (${symbol})`);
  return { ...terms, ...market.known?.[symbol] };
}

/**
 * The instrument that a symbol means at a broker, from the tables alone (no network). `overrides` come
 * weakest first. Throws `SYMBOL_INVALID`, `INSTRUMENT_UNAVAILABLE`, `MARGIN_INVALID`.
 */
export function resolveInstrument(
  broker: string,
  assetClass: AssetClass,
  text: string,
  overrides: readonly InstrumentOverride[] = [],
): Instrument {
  const own = overrides.reduce<InstrumentOverride>((merged, next) => {
    const given = Object.entries(next).filter(([, value]) => value !== undefined);
    return { ...merged, ...Object.fromEntries(given) };
  }, {});
  const parsed = parseSymbol(text, assetClass, own.kind);
  const terms = termsOf(broker, assetClass, parsed);
  const fixed = <T extends Price | Qty | Money | Rate>(given: number | undefined, table: string): T =>
    given === undefined ? parseFixed<T>(table) : fromNumber<T>(given);
  const maxLeverage = own.max_leverage ?? terms.maxLeverage;
  const initialMargin = fromNumber<Rate>(own.initial_margin ?? 1 / maxLeverage);
  const maintenanceMargin = fixed<Rate>(own.maintenance_margin, terms.maintenanceMargin);
  if (parsed.kind !== "spot" && maintenanceMargin >= initialMargin) {
    const least = formatFixed(initialMargin);
    const given = formatFixed(maintenanceMargin);
    throw inputFailure(
      "MARGIN_INVALID",
      `${parsed.symbol}: maintenance margin ${given} must be below the initial margin ${least} (1 / max_leverage unless given)`,
    );
  }
  return {
    ...parsed,
    venue: broker,
    assetClass,
    tick: fixed(own.tick, terms.tick),
    step: fixed(own.step, terms.step),
    minQty: fixed(own.min_qty, terms.minQty),
    minNotional: fixed(own.min_notional, terms.minNotional),
    multiplier: fixed(own.multiplier, terms.multiplier),
    makerFee: fixed(own.maker_fee, terms.makerFee),
    takerFee: fixed(own.taker_fee, terms.takerFee),
    feeIn: terms.feeIn,
    maxLeverage,
    initialMargin,
    maintenanceMargin,
    calendar: own.calendar ?? calendars[assetClass],
  };
}

import type { Instrument } from "@tradewind/core";
import { brokers } from "./instruments/registry.ts";
import { resolveInstrument, type InstrumentOverride } from "./instruments/resolve.ts";
import { parseSymbol } from "./instruments/symbol.ts";
import { effectiveLeverage } from "./leverage.ts";
import type { Path } from "./problems.ts";
import { reporting, type Notice, type Report } from "./report.ts";
import type { VariantConfig } from "./variant-schema.ts";

interface Symbols {
  readonly path: Path;
  readonly list: readonly string[];
}

/** The symbols a variant names, or its venue's own for the asset class, and where they are written. */
export function symbolsOf(config: VariantConfig): Symbols {
  const { broker, asset_class } = config.variants;
  const given = config.trading_symbols;
  if (Array.isArray(given)) return { path: ["trading_symbols"], list: given };
  const own = given[asset_class];
  if (own !== undefined && own.length > 0) return { path: ["trading_symbols", asset_class], list: own };
  return { path: ["trading_symbols", asset_class], list: brokers[broker]?.markets[asset_class]?.symbols ?? [] };
}

/** Symbols of the lists that this variant does not trade must be well formed all the same. */
export function checkOtherLists(config: VariantConfig, report: Report): void {
  if (Array.isArray(config.trading_symbols)) return;
  for (const [assetClass, list] of Object.entries(config.trading_symbols)) {
    if (assetClass === config.variants.asset_class) continue;
    for (const [i, symbol] of (list ?? []).entries()) {
      reporting(report, ["trading_symbols", assetClass, i], () => parseSymbol(symbol, assetClass as keyof typeof config.trading_symbols));
    }
  }
}

/** The overrides that hold for a symbol, weakest first, with those that matched it. */
function overridesFor(config: VariantConfig, id: (text: string) => string | undefined, symbol: string): readonly InstrumentOverride[] {
  const { costs, instruments } = config;
  const own = Object.entries(instruments).filter(([key]) => key !== "*" && id(key) === id(symbol));
  return [{ maker_fee: costs.maker_fee, taker_fee: costs.taker_fee }, instruments["*"] ?? {}, ...own.map(([, override]) => override)];
}

/** Identity of a symbol whatever its spelling: base and quote, with the settle currency when it is stated. */
function symbolIdentity(config: VariantConfig): (text: string) => string | undefined {
  const { asset_class } = config.variants;
  return (text) => {
    const kind = config.instruments[text]?.kind ?? config.instruments["*"]?.kind;
    try {
      return parseSymbol(text, asset_class, kind).id;
    } catch {
      return undefined;
    }
  };
}

function checkCurrency(config: VariantConfig, instruments: readonly Instrument[], path: Path, report: Report): void {
  const { currency } = config.account;
  const expected = currency ?? instruments[0]?.settle;
  const at = currency === undefined ? path : ["account", "currency"];
  const why =
    currency === undefined ? `${instruments[0]?.symbol} before it settles in ${expected}` : `the account's currency is ${expected}`;
  for (const { symbol, settle } of instruments) {
    if (settle === expected) continue;
    report(
      at,
      `${symbol} settles in ${settle}, but ${why}; all symbols of a variant settle in one currency, so give it a variant of its own`,
    );
  }
}

/** The variant's instruments. Reports bad, repeated and mixed-currency symbols. */
export function compileInstruments(config: VariantConfig, report: Report, notices: Notice[]): readonly Instrument[] {
  const { broker, asset_class } = config.variants;
  const { path, list } = symbolsOf(config);
  const identity = symbolIdentity(config);
  const instruments: Instrument[] = [];
  for (const [i, symbol] of list.entries()) {
    const at = [...path, i];
    const instrument = reporting(report, at, () => resolveInstrument(broker, asset_class, symbol, overridesFor(config, identity, symbol)));
    if (!instrument) continue;
    if (instruments.some(({ id }) => id === instrument.id))
      report(at, `symbol "${symbol}" is ${instrument.symbol}, which the list already has`);
    else instruments.push(instrument);
  }
  for (const key of Object.keys(config.instruments)) {
    if (key === "*") continue;
    const kind = config.instruments[key]?.kind;
    const parsed = reporting(report, ["instruments", key], () => parseSymbol(key, asset_class, kind));
    if (parsed && !instruments.some(({ id }) => id === parsed.id))
      notices.push({
        code: "OVERRIDE_UNUSED",
        message: `instruments["${key}"] overrides nothing: this variant does not trade ${parsed.symbol}`,
      });
  }
  checkCurrency(config, instruments, path, report);
  return instruments;
}

/** One leverage for the variant: the lowest that any of its instruments allows. */
export function compileLeverage(config: VariantConfig, instruments: readonly Instrument[], notices: Notice[]): number {
  const { leverage: setting, stop_loss_pct } = config.risk_settings;
  let lowest = setting;
  for (const instrument of instruments) {
    const { leverage, limit } = effectiveLeverage(instrument, setting, stop_loss_pct);
    lowest = Math.min(lowest, leverage);
    const { symbol } = instrument;
    if (limit === "spot" && setting !== 1)
      notices.push({
        code: "LEVERAGE_IGNORED",
        message: `${symbol} is held without leverage; risk_settings.leverage ${setting} is ignored`,
      });
    if (limit === "venue")
      notices.push({ code: "LEVERAGE_LOWERED", message: `${symbol}: leverage ${setting} lowered to ${leverage}, the venue's highest` });
    if (limit === "liquidation")
      notices.push({
        code: "LEVERAGE_LOWERED",
        message: `${symbol}: leverage ${setting} lowered to ${leverage}, so that the stop at ${stop_loss_pct} % comes before liquidation`,
      });
  }
  return lowest;
}

import { inputFailure, type AssetClass, type InstrumentKind } from "@tradewind/core";

/** A symbol taken apart, with its canonical spelling and its bus token. */
export interface ParsedSymbol {
  /** "BTC/USDT", "BTC/USDT:USDT", "BRK.B". */
  readonly symbol: string;
  /** "BTC-USDT", "BTC-USDT-PERP", "BTC-USD-BTC-PERP", "BRK_B". */
  readonly id: string;
  readonly kind: InstrumentKind;
  readonly base: string;
  readonly quote: string;
  readonly settle: string;
}

/** Currencies that run-together symbols ("BTCUSDT") may end in, longest first. */
const quotes = ["FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "GBP", "DAI", "BTC", "ETH", "BNB"];
/** Quotes in which no inverse contract is written, so that "BTC/USDT" can only mean the linear one. */
const stablecoins = new Set(["FDUSD", "USDT", "USDC", "BUSD", "TUSD", "DAI"]);

const accepted: Readonly<Record<AssetClass, string>> = {
  crypto: '"BTC/USDT", "BTC-USDT" or "BTCUSDT"',
  futures: '"BTC/USDT:USDT" (linear), "BTC/USD:BTC" (inverse), "BTC-USDT-PERP" or, for a stablecoin, "BTC/USDT", "BTC-USDT", "BTCUSDT"',
  stocks: '"AAPL" or "BRK.B"',
  etf: '"SPY" or "BRK.B"',
};

function invalid(text: string, assetClass: AssetClass, why: string): Error {
  return inputFailure("SYMBOL_INVALID", `symbol "${text}" ${why}; accepted for ${assetClass}: ${accepted[assetClass]}`);
}

interface Pair {
  readonly base: string;
  readonly quote: string;
  readonly settle: string | undefined;
  readonly perpetual: boolean;
}

function splitPair(text: string): Pair | undefined {
  const slashed = /^([A-Z0-9]+)\/([A-Z0-9]+)(?::([A-Z0-9]+))?$/.exec(text);
  if (slashed) return { base: slashed[1]!, quote: slashed[2]!, settle: slashed[3], perpetual: slashed[3] !== undefined };
  const dashed = /^([A-Z0-9]+)-([A-Z0-9]+?)(?:-([A-Z0-9]+))?(-PERP)?$/.exec(text);
  if (dashed) {
    const [, base, quote, third, tail] = dashed as unknown as [string, string, string, string | undefined, string | undefined];
    if (tail !== undefined) return { base, quote, settle: third ?? quote, perpetual: true };
    if (third === "PERP") return { base, quote, settle: quote, perpetual: true };
    if (third === undefined) return { base, quote, settle: undefined, perpetual: false };
    return undefined;
  }
  const quote = quotes.find((end) => text.length > end.length && text.endsWith(end));
  if (quote === undefined || !/^[A-Z0-9]+$/.test(text)) return undefined;
  return { base: text.slice(0, -quote.length), quote, settle: undefined, perpetual: false };
}

function parseShare(text: string, assetClass: AssetClass): ParsedSymbol {
  const match = /^([A-Z]{1,6})(?:[._]([A-Z]{1,2}))?$/.exec(text);
  if (!match) throw invalid(text, assetClass, "is not a US ticker");
  const [, root, series] = match as unknown as [string, string, string | undefined];
  const symbol = series === undefined ? root : `${root}.${series}`;
  return { symbol, id: symbol.replace(".", "_"), kind: "spot", base: symbol, quote: "USD", settle: "USD" };
}

function settleOf(text: string, { base, quote, settle }: Pair, kind: InstrumentKind | undefined): string {
  const asked = kind === undefined ? undefined : kind === "inverse" ? base : quote;
  const known = settle ?? asked ?? (stablecoins.has(quote) ? quote : undefined);
  if (known === undefined)
    throw invalid(
      text,
      "futures",
      `does not say what it settles in: write "${base}/${quote}:${quote}" (linear) or "${base}/${quote}:${base}" (inverse)`,
    );
  if (known !== base && known !== quote) throw invalid(text, "futures", `settles in ${known}, which is neither ${base} nor ${quote}`);
  if (asked !== undefined && asked !== known) throw invalid(text, "futures", `settles in ${known}, so it is not ${kind}`);
  return known;
}

/**
 * Takes a symbol apart by the rules of its asset class. `kind` (from an instrument override) decides
 * between linear and inverse where the symbol does not say. Throws `SYMBOL_INVALID` with the accepted forms.
 */
export function parseSymbol(text: string, assetClass: AssetClass, kind?: InstrumentKind): ParsedSymbol {
  if (assetClass === "stocks" || assetClass === "etf") {
    if (kind !== undefined && kind !== "spot") throw invalid(text, assetClass, `is held as such, so its kind is spot, not ${kind}`);
    return parseShare(text, assetClass);
  }
  const pair = splitPair(text);
  if (!pair || pair.base === pair.quote) throw invalid(text, assetClass, "is not a currency pair in capital letters");
  const { base, quote } = pair;
  if (assetClass === "crypto") {
    if (pair.perpetual) throw invalid(text, assetClass, "is a perpetual contract, and asset class crypto is spot");
    if (kind !== undefined && kind !== "spot") throw invalid(text, assetClass, `is spot, not ${kind}`);
    return { symbol: `${base}/${quote}`, id: `${base}-${quote}`, kind: "spot", base, quote, settle: quote };
  }
  if (kind === "spot") throw invalid(text, assetClass, "is a contract, not spot");
  const settle = settleOf(text, pair, kind);
  const linear = settle === quote;
  return {
    symbol: `${base}/${quote}:${settle}`,
    id: linear ? `${base}-${quote}-PERP` : `${base}-${quote}-${settle}-PERP`,
    kind: linear ? "linear" : "inverse",
    base,
    quote,
    settle,
  };
}

import { drawFor } from "./draw.ts";

/** What is simulated is the asset: every venue's spot and contracts of it move alike. */
export interface Asset {
  readonly name: string;
  /** Level in dollars around which the price wanders. */
  readonly price: number;
  /** Standard deviation of one minute's log return in an ordinary regime. */
  readonly volatility: number;
  /** Dollars traded in an ordinary minute. */
  readonly turnover: number;
}

const known: readonly Asset[] = [
  { name: "BTC", price: 60_000, volatility: 0.0011, turnover: 4_000_000 },
  { name: "ETH", price: 3_000, volatility: 0.0013, turnover: 2_000_000 },
  { name: "SOL", price: 150, volatility: 0.0016, turnover: 800_000 },
  { name: "AAPL", price: 230, volatility: 0.001, turnover: 12_000_000 },
];

/** Dollars and what counts as worth one: not simulated. */
const dollars = new Set(["USD", "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "DAI", "EUR", "GBP"]);

/** The asset of that name; one that is not in the list gets its figures from its name. Undefined for dollars. */
export function assetNamed(name: string): Asset | undefined {
  if (dollars.has(name)) return undefined;
  const draw = drawFor(0, name, 0);
  return (
    known.find((asset) => asset.name === name) ?? {
      name,
      price: Number((10 ** (3 * draw.next())).toPrecision(3)),
      volatility: 0.001 + 0.001 * draw.next(),
      turnover: Math.round(200_000 + 2_000_000 * draw.next()),
    }
  );
}

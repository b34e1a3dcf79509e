import { join } from "node:path";
import { createPrng, protections, timeframeMs, type Prng, type Timeframe } from "@tradewind/core";
import { referenceModel } from "@tradewind/onnx";
import type { Case } from "./cases.ts";
import { drawFiles } from "./random-files.ts";

/** A market that cases are drawn from: what of it matters is how it books, when it is open, how it rounds. */
interface Venue {
  readonly broker: string;
  readonly assetClass: "futures" | "crypto" | "stocks";
  /** Symbol, instrument id, first price. */
  readonly symbols: readonly (readonly [symbol: string, id: string, price: number])[];
  readonly balance: number;
}

const venues: readonly Venue[] = [
  {
    broker: "bybit",
    assetClass: "futures",
    balance: 10_000,
    symbols: [
      ["BTC/USDT:USDT", "BTC-USDT-PERP", 20_000],
      ["ETH/USDT:USDT", "ETH-USDT-PERP", 1_500],
      ["SOL/USDT:USDT", "SOL-USDT-PERP", 90],
    ],
  },
  { broker: "deribit", assetClass: "futures", balance: 3, symbols: [["BTC/USD:BTC", "BTC-USD-BTC-PERP", 20_000]] },
  {
    broker: "kraken",
    assetClass: "crypto",
    balance: 10_000,
    symbols: [
      ["BTC/USD", "BTC-USD", 20_000],
      ["ETH/USD", "ETH-USD", 1_500],
    ],
  },
  {
    broker: "alpaca",
    assetClass: "stocks",
    balance: 50_000,
    symbols: [
      ["AAPL", "AAPL", 170],
      ["MSFT", "MSFT", 400],
    ],
  },
];

/** Timeframes of decision and exits, and the file's own, which may be finer. */
const grids: readonly (readonly [decision: Timeframe, finest: Timeframe, file: Timeframe])[] = [
  ["1m", "1m", "1m"],
  ["5m", "1m", "1m"],
  ["5m", "5m", "1m"],
  ["15m", "5m", "5m"],
  ["1h", "1m", "1m"],
  ["1h", "5m", "1m"],
  ["1h", "15m", "5m"],
  ["4h", "5m", "5m"],
  ["1m", "1m", "1s"],
  ["5m", "5m", "5m"],
  ["1h", "1h", "1h"],
];

/** Parameters with which each strategy trades within hours. */
export const quick: Readonly<Record<string, object>> = {
  macd: { fast_period: 3, slow_period: 8, signal_period: 3, threshold: 0 },
  rsi: { rsi_period: 4, overbought: 60, oversold: 40, upper_threshold: 0.55, lower_threshold: 0.45 },
  mfi: { period: 4, oversold: 40, overbought: 60 },
  momentum: { lookback_period: 3, threshold_buy: 0.1, threshold_sell: -0.1 },
  vwap: { threshold: 0.1 },
};

const OWN_STRATEGY = join(import.meta.dirname, "../../../configs/strategies/sma-cross.js");
const ROWS = 900;

/** A variant and its candles drawn from a seed: any setting with any other, on candles with whatever files have. */
export function randomCase(seed: number): Case {
  const prng = createPrng(seed * 7_919);
  const one = <T>(list: readonly T[]): T => list[prng.below(list.length)]!;
  const venue = one(venues);
  const symbols = venue.symbols.slice(0, 1 + prng.below(venue.symbols.length));
  const [decision, finest, file] = one(grids);
  const own = prng.chance(0.2);
  const strategy = own ? "custom" : one(Object.keys(quick));
  const others = Object.keys(quick).filter((name) => name !== strategy && prng.chance(0.3));
  const models = prng.chance(0.4) ? drawModels(prng, decision) : {};
  const variant = {
    variants: { broker: venue.broker, strategy, mode: "paper", asset_class: venue.assetClass },
    ...(own ? { strategy_file: OWN_STRATEGY, strategy_config: { fast: 2, slow: 5 } } : { strategy_config: quick[strategy] }),
    trading_symbols: symbols.map(([symbol]) => symbol),
    members: others.map((name) => ({ strategy: name, strategy_config: quick[name], weight: 0.5 + prng.below(3) })),
    models: Object.keys(models).map((id) => ({ id, weight: 1 + prng.below(2) })),
    timeframes: { decision, finest },
    risk_settings: drawRisk(prng, venue),
    sizing: drawSizing(prng, venue),
    costs: { spread_bps: prng.below(5), slippage_bps: prng.below(5) },
    fills: {
      latency_ms: one([0, 0, 250, 70_000]),
      max_volume_share: prng.chance(0.3) ? 0.02 : null,
      at_end: one(["keep", "close_at_open", "close_at_close"]),
    },
    decision: {
      threshold: one([0.05, 0.2]),
      every_closes: one([1, 1, 3]),
      valid_for_closes: one([1, 2]),
      learning_rate: one([0, 0.1]),
    },
    exits: { max_hold_closes: prng.chance(0.3) ? 1 + prng.below(6) : null, ...(prng.chance(0.3) && { trailing_stop_pct: 0.4 }) },
    protections: Object.keys(protections).flatMap((kind) =>
      prng.chance(0.15) ? [{ kind, lookback_minutes: 120, lock_minutes: 30, count: 1 + prng.below(2), limit_pct: 0.1 }] : [],
    ),
    account: { starting_balance: venue.balance },
  };
  const calendar = venue.assetClass === "stocks" ? "us-regular" : "crypto-24-7";
  // Bars on a clock of their own fit no coarser one. A session's short first hour, moved, would overlap the next.
  const movable = venue.assetClass !== "stocks" || timeframeMs(file) < timeframeMs("1h");
  const offClockMs = decision === file && prng.chance(0.5) && movable ? 17_000 : 0;
  const candles = { calendar, timeframes: [file, finest], rows: ROWS, offClockMs };
  const filesSeed = prng.below(1_000_000);
  return {
    name: `seed ${seed}: ${venue.broker} ${venue.assetClass}, ${symbols.length} symbols, ${strategy}, ${decision} on ${finest} of ${file}${offClockMs > 0 ? " off the clock" : ""}`,
    id: `random-${seed}`,
    variant,
    files: (dir) => drawFiles(dir, filesSeed, candles, symbols),
    models,
    startsAnew: prng.chance(0.5),
  };
}

function drawModels(prng: Prng, decision: Timeframe): NonNullable<Case["models"]> {
  const timeframes: Timeframe[] = decision === "5m" && prng.chance(0.5) ? ["5m", "15m"] : [decision];
  const matrix = { timeframes, window: 3, features: [{ name: "log_return" }, { name: "rsi", parameters: { period: 4 } }] };
  const count = 1 + prng.below(2);
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`nn${i}`, referenceModel({ matrix, seed: prng.below(1_000), gain: 40 })]),
  );
}

function drawRisk(prng: Prng, { balance }: Venue): object {
  const or = <T>(share: number, value: T): T | null => (prng.chance(share) ? value : null);
  return {
    stop_loss_pct: 0.3 + prng.below(6) / 10,
    take_profit_pct: or(0.6, 0.5 + prng.below(10) / 10),
    risk_per_trade: 0.005,
    max_position_size: or(0.5, balance / 2),
    max_total_exposure: or(0.5, balance),
    max_concurrent_positions: or(0.5, 1 + prng.below(2)),
    max_daily_loss_pct: or(0.2, 3),
    max_drawdown_pct: or(0.2, 6),
    leverage: 1 + prng.below(5),
  };
}

function drawSizing(prng: Prng, { balance }: Venue): object {
  switch (prng.below(4)) {
    case 0:
      return { method: "cash_fraction", fraction: 0.4 };
    case 1:
      return { method: "notional", notional: balance / 4 };
    default:
      return { method: "risk" };
  }
}

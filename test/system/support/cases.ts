import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPrng } from "@tradewind/core";
import { aggregated } from "./aggregated.ts";
import { loadDefinitions, type LoadedVariant } from "@tradewind/config";
import { runBacktest } from "@tradewind/lab";
import { loadCsv } from "@tradewind/store";
import { exported } from "./ledger.ts";
import { predictionsOf, referenceBytes, type ModelBytes } from "./model.ts";

/** A run that every way of running must work to the same ledger. */
export interface Case {
  readonly name: string;
  readonly id: string;
  readonly variant: unknown;
  /** Candle CSV by instrument id; written into `dir` where it is made. */
  readonly files: (dir: string) => Readonly<Record<string, string>>;
  /** ONNX files of the models that vote, by id. */
  readonly models?: ModelBytes;
  /** The services are ended and started anew on the way. */
  readonly startsAnew?: boolean;
}

const BITCOIN = join(import.meta.dirname, "../../../../shared/data/candles/BTC-USDT-PERP_1m_2022-01.csv");
export const hasBitcoin = existsSync(BITCOIN);

const risk = { stop_loss_pct: 0.6, take_profit_pct: 1.2, leverage: 2, max_daily_loss_pct: null, max_drawdown_pct: null };

/** The 45,031 minutes of one month, real. */
export const realMonth: Case = {
  name: "a real month of one instrument",
  id: "month",
  variant: {
    variants: { broker: "bybit", strategy: "macd", mode: "paper", asset_class: "futures" },
    trading_symbols: ["BTC/USDT:USDT"],
    risk_settings: risk,
    account: { id: "same" },
  },
  files: () => ({ "BTC-USDT-PERP": BITCOIN }),
};

const bases = ["BTC", "ETH", "SOL"] as const;

/** Seeded walks with trends; some minutes are missing. */
function seededFiles(dir: string, minutes: number): Readonly<Record<string, string>> {
  return Object.fromEntries(
    bases.map((base, k) => {
      const prng = createPrng(71 + k);
      let price = 1_000 * (k + 1);
      let text = "time_ms,open,high,low,close,volume\n";
      for (let minute = 0; minute < minutes; minute++) {
        const open = price;
        const close = Math.round(open * (1 + prng.normal() * 0.002 + 0.0012 * Math.sin(minute / 61 + k)) * 10) / 10;
        price = close;
        const high = Math.round(Math.max(open, close) * (1 + 0.0008 * prng.next()) * 10) / 10;
        const low = Math.round(Math.min(open, close) * (1 - 0.0008 * prng.next()) * 10) / 10;
        const volume = 1 + prng.below(1_000);
        if (prng.chance(0.005)) continue;
        text += `${1_700_006_400_000 + minute * 60_000},${open},${high},${low},${close},${volume}\n`;
      }
      const file = join(dir, `${base}.csv`);
      writeFileSync(file, text);
      return [`${base}-USDT-PERP`, file];
    }),
  );
}

/** Three instruments on one balance, two positions at most, two members that vote on 5m, exits on 1m. */
export const threeSymbols = (minutes: number): Case => ({
  name: "three seeded symbols, two positions at most",
  id: "three",
  variant: {
    variants: { broker: "bybit", strategy: "macd", mode: "paper", asset_class: "futures" },
    trading_symbols: bases.map((base) => `${base}/USDT:USDT`),
    members: [{ strategy: "momentum", strategy_config: { lookback_period: 5, threshold_buy: 0.3, threshold_sell: -0.3 } }],
    decision: { learning_rate: 0.1 },
    timeframes: ["5m", "1m"],
    risk_settings: { ...risk, max_concurrent_positions: 2 },
    account: { id: "same" },
  },
  files: (dir) => seededFiles(dir, minutes),
});

/** A model that votes beside a strategy. */
export const withModel: Case = {
  name: "a strategy and a served model",
  id: "modelled",
  variant: {
    variants: { broker: "bybit", strategy: "rsi", mode: "paper", asset_class: "futures" },
    trading_symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT"],
    models: [{ id: "nn", weight: 2 }],
    decision: { learning_rate: 0.05, threshold: 0.05 },
    risk_settings: risk,
    account: { id: "same" },
  },
  files: (dir) => seededFiles(dir, 4_000),
  models: { nn: referenceBytes },
};

/** Its ledger by a backtest, in canonical lines. */
export async function backtested(variant: LoadedVariant, files: Readonly<Record<string, string>>, models?: ModelBytes): Promise<string[]> {
  const columns = variant.plan.instruments.map((instrument) =>
    aggregated(loadCsv({ file: files[instrument.id]!, instrument }).columns[0]!, instrument, variant.plan.finestTimeframe),
  );
  const predictions = models && (await predictionsOf(variant, columns, models));
  const run = runBacktest({
    plan: variant.plan,
    columns,
    definitionOf: await loadDefinitions(variant),
    ...(predictions && { predictionOf: predictions }),
  });
  return exported(run.ledger.entries);
}

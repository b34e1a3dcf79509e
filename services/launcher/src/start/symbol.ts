import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inputFailure, type AssetClass } from "@tradewind/core";
import { tokenOf } from "@tradewind/contracts";
import { listVariants, loadVariant, parseVariant } from "@tradewind/config";
import { lineOf } from "@tradewind/kit";
import { atPlace } from "@tradewind/lab";
import { variantsFolder, type Settings } from "../settings.ts";

/** The asset class a symbol is written for. */
export function assetClassOfSymbol(symbol: string): AssetClass {
  return symbol.includes(":") ? "futures" : symbol.includes("/") ? "crypto" : "stocks";
}

/**
 * Settings of a start that is about one symbol: the paper variants that trade it and nothing else, or one made for it.
 * It has a run of its own, beside the general one. Throws for a symbol that nobody trades.
 */
export function symbolSettings(settings: Settings, symbol: string): Settings {
  const { config, configDir } = settings;
  const folder = join(config.data.dir, `symbol-${tokenOf(symbol)}`);
  const own = { ...config, bus: { ...config.bus, file: join(folder, "bus.sqlite") } };
  const ids = variantsOf(configDir, symbol);
  if (ids.length > 0) return { configDir, config: { ...own, start: { variants: ids } } };
  const made = join(folder, "configs");
  const id = `trade_${tokenOf(symbol).toLowerCase()}`;
  const file = join(variantsFolder(made), `${id}.json`);
  const text = `${JSON.stringify(variantFor(symbol), null, 2)}\n`;
  try {
    parseVariant(text, file);
  } catch (error) {
    throw inputFailure("BAD_SYMBOL", `--symbol "${symbol}" is not traded: ${lineOf(error).replace(/^.*?\.json:\S+ /, "")}`);
  }
  try {
    mkdirSync(variantsFolder(made), { recursive: true });
    const system = join(configDir, "system.yaml");
    if (existsSync(system)) copyFileSync(system, join(made, "system.yaml"));
    writeFileSync(file, text);
  } catch (error) {
    throw atPlace(error, folder);
  }
  return { configDir: made, config: { ...own, start: { variants: [id] } } };
}

function variantsOf(configDir: string, symbol: string): string[] {
  return listVariants(variantsFolder(configDir)).flatMap(({ id, path }) => {
    try {
      const { plan } = loadVariant(path);
      const only = plan.instruments.length === 1 && plan.instruments[0]!.symbol === symbol;
      return plan.mode === "paper" && only ? [id] : [];
    } catch {
      return [];
    }
  });
}

/** Momentum over a few minutes: something to watch on any market that moves. */
function variantFor(symbol: string): unknown {
  const assetClass = assetClassOfSymbol(symbol);
  return {
    trader_name: `${symbol} momentum`,
    variants: { broker: assetClass === "stocks" ? "alpaca" : "bybit", strategy: "momentum", mode: "paper", asset_class: assetClass },
    strategy_config: { lookback_period: 5, threshold_buy: 0.1, threshold_sell: -0.1 },
    trading_symbols: [symbol],
    risk_settings: { risk_per_trade: 0.005, stop_loss_pct: 0.5, take_profit_pct: 1 },
  };
}

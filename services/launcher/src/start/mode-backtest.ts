import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadVariant } from "@tradewind/config";
import { calendarNamed, inputFailure, type Instrument, type Timeframe } from "@tradewind/core";
import { openCandleStore } from "@tradewind/store";
import { createFeed } from "@tradewind/venues";
import { backtest } from "../commands/backtest.ts";
import type { Arguments, Io } from "../command.ts";
import { parseArguments } from "../parse-arguments.ts";
import { numberFlag, settingsOf, variantsFolder, type Settings } from "../settings.ts";
import { symbolSettings } from "./symbol.ts";

const DAY_MS = 86_400_000;
const SIMULATED_DAYS = 5;

/** Backtests the symbol's variant over the candles that are stored of it, or over days of the simulated market. */
export async function backtestSymbol(args: Arguments, io: Io): Promise<number> {
  const symbol = args.text("symbol");
  if (symbol === undefined) throw inputFailure("NO_SYMBOL", "--mode backtest needs --symbol S, for example --symbol BTC/USDT");
  const seed = numberFlag(args, "seed", 0, 4_294_967_295, true);
  const settings = symbolSettings(settingsOf(args, io, seed === undefined ? {} : { market: { seed } }), symbol);
  const file = join(variantsFolder(settings.configDir), `${settings.config.start.variants[0]}.json`);
  const { plan } = loadVariant(file);
  const instrument = plan.instruments.find((one) => one.symbol === symbol)!;
  const json = args.flag("json") ? ["--json"] : [];
  const stored = await storedRange(settings, plan.broker, instrument, plan.finestTimeframe);
  if (stored !== undefined) {
    const [from, to] = stored.map((time) => new Date(time).toISOString());
    io.say(`${symbol} on stored candles, ${from} to ${to}`);
    return backtest.run(parseArguments(backtest, [file, "--symbol", symbol, "--from", from!, "--to", to!, ...json]), io);
  }
  const folder = mkdtempSync(join(tmpdir(), "tradewind-market-"));
  try {
    const data = await simulatedCandles(settings, instrument, plan.finestTimeframe, folder);
    io.say(`${symbol} on ${SIMULATED_DAYS} days of the SIMULATED MARKET, seed ${settings.config.market.seed}`);
    const own = ["--symbol", symbol, "--data", data, "--timeframe", plan.finestTimeframe, "--no-save"];
    return await backtest.run(parseArguments(backtest, [file, ...own, ...json]), io);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Open times of what is stored, the last one excluded; undefined when it is less than a day of the market. */
async function storedRange(
  settings: Settings,
  venue: string,
  instrument: Instrument,
  timeframe: Timeframe,
): Promise<[number, number] | undefined> {
  const all = await openCandleStore(settings.config.data.dir).list();
  const one = all.find((series) => series.venue === venue && series.instrument === instrument.id && series.timeframe === timeframe);
  if (one?.from === undefined || one.to === undefined || one.to - one.from < DAY_MS) return undefined;
  return [one.from, one.to];
}

async function simulatedCandles(settings: Settings, instrument: Instrument, timeframe: Timeframe, folder: string): Promise<string> {
  const { market } = settings.config;
  const from = Date.parse(market.start);
  const clock = { now: () => from, at: () => ({ stop: () => undefined }), speed: () => 1 };
  const columnsOf = () => Promise.reject(new Error("the simulated market has no recorded candles"));
  const feed = createFeed("simulated", { seed: market.seed, clock, columnsOf, pace: undefined });
  const series = await feed.open(instrument.venue, instrument, calendarNamed(instrument.calendar));
  const candles = await series.history(timeframe, from, from + SIMULATED_DAYS * DAY_MS);
  const rows = candles.map(({ openTime, open, high, low, close, volume }) => [openTime, open, high, low, close, volume].join(","));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${instrument.id}.csv`);
  writeFileSync(file, `time_ms,open,high,low,close,volume\n${rows.join("\n")}\n`);
  return file;
}

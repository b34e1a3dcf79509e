import { resolve } from "node:path";
import { calendarNamed, inputFailure, isTimeframe, timeframeNames, type AssetClass } from "@tradewind/core";
import { brokers, resolveInstrument } from "@tradewind/config";
import { importCsv, openCandleStore } from "@tradewind/store";
import { exitCodes, type Arguments, type Command, type Io } from "../command.ts";
import { noMoreThan, progressLine, required, show, systemOf } from "../support.ts";

export const dataImport: Command = {
  name: "data import",
  summary: "Bring a candle CSV into the candle store",
  usage: "FILE.csv --venue BROKER --symbol S",
  options: {
    venue: { type: "string", value: "BROKER", doc: `whose candles they are: ${Object.keys(brokers).join(", ")}` },
    symbol: { type: "string", value: "S", doc: "BTC/USDT, BTC/USDT:USDT (perpetual), AAPL" },
    "asset-class": { type: "string", value: "C", doc: "crypto, stocks, futures, etf; told from the symbol where left out" },
    timeframe: { type: "string", value: "T", doc: `where the rows do not tell: ${timeframeNames.join(", ")}` },
  },
  details: "The whole file is checked before anything is written. Rows already there are replaced.",
  run: runCommand,
};

async function runCommand(args: Arguments, io: Io): Promise<number> {
  noMoreThan(args, 1);
  const file = resolve(
    io.cwd,
    required(args, 0, "the CSV file", "for example: tradewind data import btc.csv --venue bybit --symbol BTC/USDT"),
  );
  const venue = args.text("venue");
  const symbol = args.text("symbol");
  const timeframe = args.text("timeframe");
  if (venue === undefined || symbol === undefined)
    throw inputFailure("MISSING_FLAG", "--venue and --symbol say whose candles these are; give both");
  if (!Object.hasOwn(brokers, venue))
    throw inputFailure("UNKNOWN_VENUE", `--venue "${venue}" is not one of ${Object.keys(brokers).join(", ")}`);
  if (timeframe !== undefined && !isTimeframe(timeframe))
    throw inputFailure("BAD_TIMEFRAME", `--timeframe "${timeframe}" is not one of ${timeframeNames.join(", ")}`);
  const instrument = resolveInstrument(venue, assetClassOf(args.text("asset-class"), symbol), symbol);
  const progress = { read: progressLine(io, "reading"), write: progressLine(io, "writing") };
  const result = await importCsv(file, {
    venue,
    instrument: instrument.id,
    calendar: calendarNamed(instrument.calendar),
    store: openCandleStore(systemOf(io).dataDir),
    ...(timeframe && { timeframe }),
    onProgress: ({ step, done, total }) => progress[step](done, total),
  });
  const iso = (time: number) => new Date(time).toISOString();
  if (args.flag("json")) io.out(`${JSON.stringify({ ...result, from: iso(result.from), to: iso(result.to) })}\n`);
  else
    io.out(
      `${show(result.rows, 0)} ${result.timeframe} candles of ${result.instrument} at ${venue}, ${iso(result.from)} to ${iso(result.to)}: ${show(result.added, 0)} new, ${show(result.replaced, 0)} replaced, ${show(result.gaps.missingBars, 0)} missing\n`,
    );
  for (const warning of result.warnings) io.say(warning.message);
  return exitCodes.done;
}

function assetClassOf(given: string | undefined, symbol: string): AssetClass {
  if (given === undefined) return symbol.includes(":") ? "futures" : symbol.includes("/") ? "crypto" : "stocks";
  if (given === "crypto" || given === "stocks" || given === "futures" || given === "etf") return given;
  throw inputFailure("BAD_ASSET_CLASS", `--asset-class "${given}" is not one of crypto, stocks, futures, etf`);
}

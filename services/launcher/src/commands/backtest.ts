import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { inputFailure, isTimeframe, timeframeNames, type Timeframe } from "@tradewind/core";
import { loadVariant, type LoadedVariant, type LoadOptions } from "@tradewind/config";
import { fitTimeframe, loadCsv, loadDefinitions, loadFunding, loadStored, measure, proveNoLookahead, renderReport, runBacktest, saveRun, type MarketData } from "@tradewind/lab";
import { exitCodes, type Arguments, type Command, type Io } from "../command.ts";
import { noMoreThan, parseTime, progressLine, required, systemOf } from "../support.ts";
import { proofText, resultText } from "./backtest-text.ts";

export const backtest: Command = {
  name: "backtest",
  summary: "Run a variant over recorded candles",
  usage: "VARIANT.json (--data FILE | --from TIME --to TIME)",
  options: {
    data: { type: "string", value: "FILE", doc: "candle CSV of the variant's first symbol (or of --symbol)" },
    symbol: { type: "string", value: "S", doc: "the symbol that --data holds, or the only one to run from the store" },
    timeframe: { type: "string", value: "T", doc: `timeframe of --data, where its rows do not tell: ${timeframeNames.join(", ")}` },
    funding: { type: "string", value: "FILE", doc: "funding rates of the perpetual in --data" },
    mark: { type: "string", value: "FILE", doc: "mark prices for --funding (default: the candles' opens)" },
    from: { type: "string", value: "TIME", doc: "first open time from the candle store" },
    to: { type: "string", value: "TIME", doc: "end of open times from the candle store, not included" },
    report: { type: "string", value: "FILE", doc: "write a self-contained HTML report" },
    "no-save": { type: "boolean", doc: "do not keep the run's ledger under the data folder" },
    "prove-no-lookahead": { type: "boolean", doc: "run once more with the future replaced by noise and compare every decision" },
    seed: { type: "string", value: "N", doc: "seed of that noise (default 1)" },
  },
  details: "The mode of the variant is overridden; nothing is sent anywhere. Exit code 3: a decision depended on the future.",
  run: runCommand,
};

async function runCommand(args: Arguments, io: Io): Promise<number> {
  noMoreThan(args, 1);
  const file = resolve(io.cwd, required(args, 0, "the variant's file", "for example: tradewind backtest configs/variants/template.json --data FILE"));
  const notices: string[] = [];
  const { variant, data } = await load(file, args, io, notices);
  if (args.flag("prove-no-lookahead")) return prove(variant, data, args, io);
  const { plan } = variant;
  if (args.text("mark") !== undefined && args.text("funding") === undefined) throw inputFailure("MARK_ALONE", "--mark needs --funding");
  const fundingFile = args.text("funding");
  const markFile = args.text("mark");
  const funding =
    fundingFile === undefined
      ? []
      : loadFunding(plan.instruments[0]!, resolve(io.cwd, fundingFile), markFile === undefined ? undefined : resolve(io.cwd, markFile), data.columns[0]!);
  const run = runBacktest({ plan, columns: data.columns, definitionOf: await loadDefinitions(variant), funding, onProgress: progressLine(io, `backtest ${plan.id}`) });
  notices.push(...variant.notices.map((notice) => notice.message), ...data.warnings);
  const { result, analysis, fills, candles } = measure(variant, data, run, notices);
  const report = args.text("report");
  if (report !== undefined) {
    const page = renderReport({
      variant: plan.id,
      strategy: result.strategy,
      broker: plan.broker,
      timeframe: plan.timeframe,
      currency: plan.account.currency,
      configHash: variant.configHash,
      ledgerHash: result.ledger_hash,
      curve: run.curve,
      analysis,
      candles,
      fills,
    });
    writeWhole(resolve(io.cwd, report), page);
  }
  const saved = args.flag("no-save") ? undefined : await saveRun(systemOf(io).dataDir, variant, result, run.ledger.entries);
  io.out(args.flag("json") ? `${JSON.stringify(result)}\n` : resultText(result, { report, run: saved?.manifest.run }));
  return exitCodes.done;
}

async function prove(variant: LoadedVariant, data: MarketData, args: Arguments, io: Io): Promise<number> {
  const seed = Number(args.text("seed") ?? "1");
  if (!Number.isInteger(seed) || seed < 0) throw inputFailure("BAD_SEED", `--seed "${args.text("seed")}" is not a whole number from 0`);
  const proof = await proveNoLookahead({ plan: variant.plan, columns: data.columns, load: () => loadDefinitions(variant), seed, onProgress: progressLine(io, "no look-ahead") });
  io.out(args.flag("json") ? `${JSON.stringify({ variant: variant.plan.id, config_hash: variant.configHash, ...proof })}\n` : proofText(proof));
  return proof.proven ? exitCodes.done : exitCodes.checkFailed;
}

/** The variant and its candles, from a file or the store. */
async function load(file: string, args: Arguments, io: Io, notices: string[]): Promise<{ variant: LoadedVariant; data: MarketData }> {
  const source = args.text("data");
  const symbol = args.text("symbol");
  const from = parseTime(args.text("from"), "from");
  const to = parseTime(args.text("to"), "to");
  const ranged = from !== undefined || to !== undefined;
  if (source === undefined && !ranged) throw inputFailure("NO_DATA", "no candles named; give --data FILE, or --from TIME --to TIME for the candle store");
  if (source !== undefined && ranged) throw inputFailure("TWO_SOURCES", "--data and --from/--to exclude each other; --data takes the whole file");
  const options: LoadOptions = { modeOverride: "backtest", ...(symbol !== undefined && { symbolOverride: [symbol] }) };
  const variant = loadVariant(file, options);
  const system = systemOf(io);
  if (source === undefined) {
    if (from !== undefined && to !== undefined && from >= to) throw inputFailure("BAD_RANGE", `--from is not before --to`);
    const data = await loadStored(variant.plan, system.dataDir, { ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
    return { variant, data };
  }
  const instrument = variant.plan.instruments[0]!;
  const timeframe = timeframeOf(args.text("timeframe"));
  const data = loadCsv({ file: resolve(io.cwd, source), instrument, cacheDir: system.cacheDir, ...(timeframe && { timeframe }), onProgress: progressLine(io, "reading") });
  return { variant: fit(file, variant, data, options, notices), data };
}

function timeframeOf(text: string | undefined): Timeframe | undefined {
  if (text === undefined || isTimeframe(text)) return text;
  throw inputFailure("BAD_TIMEFRAME", `--timeframe "${text}" is not one of ${timeframeNames.join(", ")}`);
}

/** The variant on the file's one symbol; it decides on the file's timeframe where that is coarser than its own. */
function fit(file: string, variant: LoadedVariant, data: MarketData, options: LoadOptions, notices: string[]): LoadedVariant {
  const { plan } = variant;
  const symbols = [plan.instruments[0]!.symbol];
  if (plan.instruments.length > 1) notices.push(`only ${symbols[0]} of the variant's ${plan.instruments.length} symbols is in --data`);
  const how = fitTimeframe(plan, data.timeframe);
  if (how === "coarser") notices.push(`the data is ${data.timeframe}: decisions are made on it, not on ${plan.timeframe}`);
  const loaded = loadVariant(file, { ...options, symbolOverride: symbols, ...(how === "coarser" && { timeframeOverride: data.timeframe }) });
  return { ...loaded, plan: { ...loaded.plan, finestTimeframe: data.timeframe } };
}

/** Writes a file whole or not at all. */
function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const staged = `${path}.${process.pid}.part`;
  writeFileSync(staged, text);
  renameSync(staged, path);
}

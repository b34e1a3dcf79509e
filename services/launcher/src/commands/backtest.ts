import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { inputFailure, isTimeframe, timeframeNames, type FundingPayment, type Timeframe, type VariantPlan } from "@tradewind/core";
import { listVariants, loadVariant, type LoadedVariant, type LoadOptions, loadDefinitions } from "@tradewind/config";
import {
  fitTimeframe,
  measure,
  predict,
  proveNoLookahead,
  readModel,
  renderReport,
  runBacktest,
  saveRun,
  type BacktestRun,
  type Measured,
  type PredictionOf,
} from "@tradewind/lab";
import { loadCsv, loadFunding, loadStored, type MarketData } from "@tradewind/store";
import { exitCodes, type Arguments, type Command, type Io } from "../command.ts";
import { checkTarget, noMoreThan, parseTime, progressLine, required, systemOf, writeWhole } from "../support.ts";
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
    store: {
      type: "string",
      value: "DIR",
      doc: "folder of the candle store (default: the data folder; of a simulated market: simulated/seed-N in it)",
    },
    model: { type: "string", multiple: true, value: "ID=FILE", doc: "ONNX file of a model that votes; again for each model" },
    report: { type: "string", value: "FILE", doc: "write a self-contained HTML report" },
    "no-save": { type: "boolean", doc: "do not keep the run's ledger under the data folder" },
    "prove-no-lookahead": { type: "boolean", doc: "run once more with the future replaced by noise and compare every decision" },
    seed: { type: "string", value: "N", doc: "seed of that noise (default 1)" },
  },
  details: "The mode of the variant is overridden; nothing is sent anywhere. Exit code 3: a decision depended on the future.",
  run: runCommand,
};

/** Flags that mean nothing without another one. */
const needs: readonly (readonly [flag: string, other: string])[] = [
  ["mark", "funding"],
  ["seed", "prove-no-lookahead"],
  ["timeframe", "data"],
];

async function runCommand(args: Arguments, io: Io): Promise<number> {
  noMoreThan(args, 1);
  const file = resolve(
    io.cwd,
    required(args, 0, "the variant's file", "for example: tradewind backtest configs/variants/template.json --data FILE"),
  );
  checkFlags(args, file);
  const report = pathOf(args, io, "report");
  if (report !== undefined) {
    for (const flag of ["data", "funding", "mark"])
      if (report === pathOf(args, io, flag))
        throw inputFailure("BAD_TARGET", `--report "${args.text("report")}" is the file of --${flag}; name another one`);
    if (report === file) throw inputFailure("BAD_TARGET", `--report "${args.text("report")}" is the variant's own file; name another one`);
    checkTarget(report, "report");
  }
  const notices: string[] = [];
  const { variant, data } = await load(file, args, io, notices);
  if (args.flag("prove-no-lookahead")) return prove(variant, data, args, io);
  const { plan } = variant;
  const funding = fundingOf(plan, data, args, io, notices);
  const predictionOf = await predictionsOf(plan, data, args, io, notices);
  const run = runBacktest({
    plan,
    columns: data.columns,
    definitionOf: await loadDefinitions(variant),
    funding,
    predictionOf,
    onProgress: progressLine(io, `backtest ${plan.id}`),
  });
  notices.push(...variant.notices.map((notice) => notice.message), ...data.warnings);
  const measured = measure(variant, data, run, notices);
  const { result } = measured;
  if (report !== undefined) writeWhole(report, reportOf(variant, run, measured));
  const saved = args.flag("no-save") ? undefined : await saveRun(systemOf(io).dataDir, variant, result, run.ledger.entries);
  io.out(args.flag("json") ? `${JSON.stringify(result)}\n` : resultText(result, { report: args.text("report"), run: saved?.manifest.run }));
  return exitCodes.done;
}

function checkFlags(args: Arguments, file: string): void {
  for (const [flag, other] of needs)
    if (args.text(flag) !== undefined && args.text(other) === undefined && !args.flag(other))
      throw inputFailure("FLAG_ALONE", `--${flag} means nothing without --${other}; give both or neither`);
  if (args.flag("prove-no-lookahead") && args.text("report") !== undefined)
    throw inputFailure("NO_REPORT", "--prove-no-lookahead compares two runs and reports on neither; leave --report out, or run twice");
  if (args.flag("prove-no-lookahead") && args.texts("model").length > 0)
    throw inputFailure("NO_MODELS", "--prove-no-lookahead is about strategies; leave --model out");
  if (!existsSync(file) || !statSync(file).isDirectory()) return;
  const there = listVariants(file).map(({ id }) => `${id}.json`);
  throw inputFailure(
    "VARIANT_MISSING",
    `"${file}" is a folder; name a variant's file${there.length === 0 ? "" : ` in it: ${there.slice(0, 8).join(", ")}`}`,
  );
}

function pathOf(args: Arguments, io: Io, flag: string): string | undefined {
  const text = args.text(flag);
  return text === undefined ? undefined : resolve(io.cwd, text);
}

function fundingOf(plan: VariantPlan, data: MarketData, args: Arguments, io: Io, notices: string[]): readonly FundingPayment[] {
  const file = pathOf(args, io, "funding");
  if (file === undefined) return [];
  const columns = data.columns[0]!;
  if (data.columns.length > 1)
    throw inputFailure("FUNDING_SYMBOL", `--funding is of one symbol, the run has ${data.columns.length}; choose one with --symbol`);
  const payments = loadFunding(plan.instruments[0]!, file, pathOf(args, io, "mark"), columns);
  const end = columns.closeTime[columns.length - 1]!;
  if (!payments.some(({ time }) => time >= columns.openTime[0]! && time < end))
    notices.push("none of the payments in --funding falls within the candles");
  return payments;
}

/** What the models given by --model say; members without one abstain, with a notice. */
async function predictionsOf(plan: VariantPlan, data: MarketData, args: Arguments, io: Io, notices: string[]): Promise<PredictionOf> {
  const members = plan.members.filter(({ kind }) => kind === "model").map(({ name }) => name);
  const models = new Map<string, ReturnType<typeof readModel>>();
  for (const given of args.texts("model")) {
    const [, id, file] = /^([^=]+)=(.+)$/.exec(given) ?? [];
    if (id === undefined || file === undefined) throw inputFailure("BAD_MODEL", `--model "${given}" is not ID=FILE`);
    if (!members.includes(id) || models.has(id))
      throw inputFailure(
        "BAD_MODEL",
        models.has(id)
          ? `--model names ${id} twice`
          : `--model "${given}": the variant has ${members.length === 0 ? "no models; name one under models" : `the models ${members.join(", ")}`}`,
      );
    models.set(id, readModel(id, resolve(io.cwd, file)));
  }
  const without = [...new Set(members)].filter((id) => !models.has(id));
  if (without.length > 0) notices.push(`without a file a model abstains: ${without.map((id) => `--model ${id}=FILE`).join(" ")}`);
  return predict({ plan, columns: data.columns, models, onProgress: progressLine(io, "models") });
}

function reportOf(variant: LoadedVariant, run: BacktestRun, { result, analysis, fills, candles }: Measured): string {
  const { plan, configHash } = variant;
  const { strategy, ledger_hash: ledgerHash } = result;
  const { id, broker, timeframe, account } = plan;
  return renderReport({
    variant: id,
    strategy,
    broker,
    timeframe,
    currency: account.currency,
    configHash,
    ledgerHash,
    curve: run.curve,
    analysis,
    candles,
    fills,
  });
}

async function prove(variant: LoadedVariant, data: MarketData, args: Arguments, io: Io): Promise<number> {
  const seed = Number(args.text("seed") ?? "1");
  if (!Number.isInteger(seed) || seed < 0) throw inputFailure("BAD_SEED", `--seed "${args.text("seed")}" is not a whole number from 0`);
  const proof = await proveNoLookahead({
    plan: variant.plan,
    columns: data.columns,
    load: () => loadDefinitions(variant),
    seed,
    onProgress: progressLine(io, "no look-ahead"),
  });
  io.out(
    args.flag("json") ? `${JSON.stringify({ variant: variant.plan.id, config_hash: variant.configHash, ...proof })}\n` : proofText(proof),
  );
  return proof.proven ? exitCodes.done : exitCodes.checkFailed;
}

/** The variant and its candles, from a file or the store. */
async function load(file: string, args: Arguments, io: Io, notices: string[]): Promise<{ variant: LoadedVariant; data: MarketData }> {
  const source = args.text("data");
  const symbol = args.text("symbol");
  const from = parseTime(args.text("from"), "from");
  const to = parseTime(args.text("to"), "to");
  const ranged = from !== undefined || to !== undefined;
  if (source === undefined && !ranged)
    throw inputFailure("NO_DATA", "no candles named; give --data FILE, or --from TIME --to TIME for the candle store");
  if (source !== undefined && ranged)
    throw inputFailure("TWO_SOURCES", "--data and --from/--to exclude each other; --data takes the whole file");
  const options: LoadOptions = { modeOverride: "backtest", ...(symbol !== undefined && { symbolOverride: [symbol] }) };
  const variant = loadVariant(file, options);
  const system = systemOf(io);
  if (source === undefined) {
    if (from !== undefined && to !== undefined && from >= to) throw inputFailure("BAD_RANGE", `--from is not before --to`);
    const store = args.text("store");
    const storeDir = store === undefined ? system.dataDir : resolve(io.cwd, store);
    const data = await loadStored(variant.plan, storeDir, { ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
    return { variant, data };
  }
  const instrument = variant.plan.instruments[0]!;
  const timeframe = timeframeOf(args.text("timeframe"));
  const data = loadCsv({
    file: resolve(io.cwd, source),
    instrument,
    cacheDir: system.cacheDir,
    ...(timeframe && { timeframe }),
    onProgress: progressLine(io, "reading"),
  });
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
  // Whoever runs the variant for real judges exits on what its file says, and so may make other orders.
  else if (data.timeframe !== plan.finestTimeframe) {
    const both = data.timeframe === plan.timeframe ? `"${plan.timeframe}"` : `"${plan.timeframe}", "${data.timeframe}"`;
    notices.push(
      `exits are judged on the data's ${data.timeframe}, in paper and live on ${plan.finestTimeframe}: set timeframes [${both}] for the same orders`,
    );
  }
  const loaded = loadVariant(file, {
    ...options,
    symbolOverride: symbols,
    ...(how === "coarser" && { timeframeOverride: data.timeframe }),
  });
  return { ...loaded, plan: { ...loaded.plan, finestTimeframe: data.timeframe } };
}

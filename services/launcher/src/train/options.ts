import { basename, resolve } from "node:path";
import { inputFailure, labelRules, timeframeNames, type ParameterValue } from "@tradewind/core";
import { families, symbolOfFile, type CandleSource, type TrainingWish } from "@tradewind/trainer";
import type { Arguments, Io, Option } from "../command.ts";
import { numberFlag } from "../settings.ts";
import { parseTime, systemOf } from "../support.ts";

/** Flags that say what is trained on what. */
export const wishOptions: Readonly<Record<string, Option>> = {
  family: { type: "string", value: "F", doc: Object.keys(families).join(", ") },
  data: { type: "string", value: "FILE", doc: "candle CSV to learn from" },
  symbol: {
    type: "string",
    value: "S",
    doc: "what the candles are of: BTC/USDT, BTC/USDT:USDT, AAPL (of a CSV: where its name does not tell)",
  },
  broker: { type: "string", value: "B", doc: "whose fees and ticks count (default: bybit, for shares alpaca)" },
  timeframe: { type: "string", value: "T", doc: `of the candles: ${timeframeNames.join(", ")} (default: a CSV's own, of the store 1m)` },
  from: { type: "string", value: "TIME", doc: "first open time from the candle store" },
  to: { type: "string", value: "TIME", doc: "end of open times from the candle store, not included" },
  store: { type: "string", value: "DIR", doc: "folder of the candle store (default: the data folder)" },
  window: { type: "string", value: "N", doc: "rows of the feature matrix per timeframe (default 20)" },
  timeframes: { type: "string", value: "T,T", doc: "timeframes of the feature matrix, finest first (default: that of the candles)" },
  label: { type: "string", value: "L", doc: `what is to be foreseen: ${Object.keys(labelRules).join(", ")} (default forward_return)` },
  horizon: { type: "string", value: "N", doc: "bars that the label looks ahead" },
  folds: { type: "string", value: "K", doc: "stretches of time it is judged by, each by what was learnt before it (default 3)" },
  "min-train": { type: "string", value: "SHARE", doc: "share of the rows before the first of them (default 0.5)" },
  embargo: { type: "string", value: "MINUTES", doc: "time left out before each of them, beyond the label's own (default 0)" },
  epochs: { type: "string", value: "N", doc: "times that each row is learnt from; of gbdt the rounds" },
  set: {
    type: "string",
    value: "KEY=VALUE",
    multiple: true,
    doc: "a setting of the family, or label.KEY of the label; may be given again",
  },
  members: { type: "string", value: "A,B", doc: "of ensemble and meta: model files, or families to train first (default: cnn,lstm,gbdt)" },
  experience: { type: "string", value: "FILE", doc: "of dqn: ledger of a run on these candles (ledger export --json), learnt from too" },
  "max-mib": { type: "string", value: "N", doc: "most memory of the rows' matrices; what takes more is refused (default 4096)" },
  seed: { type: "string", value: "N", doc: "of first weights and orders (default 1)" },
  name: { type: "string", value: "ID", doc: "of the files, and id of the model (default: family-instrument-timeframe)" },
  "expires-days": {
    type: "string",
    value: "N",
    doc: "market days after the last candle on which the model begins to abstain (default: never)",
  },
};

/** What the flags ask to be trained. Throws input failures of one line; `notices` get what was taken for granted. */
export function wishOf(args: Arguments, io: Io, notices: string[]): TrainingWish {
  const family = args.text("family");
  if (family === undefined) throw inputFailure("NO_FAMILY", "--family is missing; for example: tradewind train --family cnn --data FILE");
  const { settings, label } = settingsOf(args.texts("set"));
  const horizon = numberFlag(args, "horizon", 1, 100_000, true);
  const labelParameters = { ...label, ...(horizon !== undefined && { horizon }) };
  const experience = args.text("experience");
  return {
    family,
    source: sourceOf(args, io),
    symbol: symbolOf(args, notices),
    settings,
    ...texts(args, ["broker", "timeframe", "label", "name"]),
    ...(args.text("timeframes") !== undefined && { timeframes: listOf(args.text("timeframes")!) }),
    ...(Object.keys(labelParameters).length > 0 && { labelParameters }),
    ...(args.text("members") !== undefined && { members: membersOf(args.text("members")!, io) }),
    ...(experience !== undefined && { experience: resolve(io.cwd, experience) }),
    ...given("window", numberFlag(args, "window", 1, 500, true)),
    ...given("folds", numberFlag(args, "folds", 1, 50, true)),
    ...given("minTrain", numberFlag(args, "min-train", 0.05, 0.95, false)),
    ...given("embargoMinutes", numberFlag(args, "embargo", 0, 1e6, false)),
    ...given("length", numberFlag(args, "epochs", 1, 1e6, true)),
    ...given("seed", numberFlag(args, "seed", 0, 4_294_967_295, true)),
    ...given("maxMib", numberFlag(args, "max-mib", 1, 1_048_576, false)),
    ...given("expiresDays", numberFlag(args, "expires-days", 0.001, 100_000, false)),
  };
}

function sourceOf(args: Arguments, io: Io): CandleSource {
  const file = args.text("data");
  const from = parseTime(args.text("from"), "from");
  const to = parseTime(args.text("to"), "to");
  const ranged = from !== undefined || to !== undefined;
  const store = args.text("store");
  if (file === undefined && !ranged)
    throw inputFailure("NO_DATA", "no candles named; give --data FILE, or --from TIME --to TIME with --symbol S for the candle store");
  if (file !== undefined && (ranged || store !== undefined))
    throw inputFailure("TWO_SOURCES", "--data and --from, --to, --store exclude each other; --data takes the whole file");
  if (from !== undefined && to !== undefined && from >= to) throw inputFailure("BAD_RANGE", "--from is not before --to");
  const { dataDir, cacheDir } = systemOf(io);
  if (file !== undefined) return { kind: "csv", file: resolve(io.cwd, file), cacheDir };
  const dir = store === undefined ? dataDir : resolve(io.cwd, store);
  return { kind: "store", dir, ...given("from", from), ...given("to", to) };
}

function symbolOf(args: Arguments, notices: string[]): string {
  const named = args.text("symbol");
  if (named !== undefined) return named;
  const file = args.text("data");
  if (file === undefined)
    throw inputFailure("NO_SYMBOL", "--symbol is missing: say whose candles to take from the store, for example --symbol BTC/USDT");
  const found = symbolOfFile(basename(file));
  if (found === undefined)
    throw inputFailure(
      "NO_SYMBOL",
      `the name of "${basename(file)}" does not tell what its candles are of; say so with --symbol, for example --symbol BTC/USDT`,
    );
  notices.push(`the file's name says ${found}: its fees and sessions are taken; --symbol says otherwise`);
  return found;
}

/** KEY=VALUE of the family, label.KEY=VALUE of the label. */
function settingsOf(given: readonly string[]): { settings: Record<string, number>; label: Record<string, ParameterValue> } {
  const settings: Record<string, number> = {};
  const label: Record<string, ParameterValue> = {};
  for (const [key, number] of Object.entries(familySettings(given)))
    if (key.startsWith("label.")) label[key.slice("label.".length)] = number;
    else settings[key] = number;
  return { settings, label };
}

/** What `--set` was given, label.KEY among it. Throws `BAD_FLAG`. */
export function familySettings(given: readonly string[]): Record<string, number> {
  const settings: Record<string, number> = {};
  for (const text of given) {
    const [, key, value] = /^([A-Za-z0-9_.]+)=(.+)$/.exec(text) ?? [];
    const number = Number(value);
    if (key === undefined || value === undefined || value.trim() === "" || Number.isNaN(number))
      throw inputFailure("BAD_FLAG", `--set "${text}" is not KEY=NUMBER; write for example --set learning_rate=0.001`);
    settings[key] = number;
  }
  return settings;
}

function membersOf(text: string, io: Io): string[] {
  return listOf(text).map((one) => (/[./\\]/.test(one) ? resolve(io.cwd, one) : one));
}

function listOf(text: string): string[] {
  return text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

function texts<K extends string>(args: Arguments, names: readonly K[]): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  for (const name of names) {
    const text = args.text(name);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

function given<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, T>>;
}

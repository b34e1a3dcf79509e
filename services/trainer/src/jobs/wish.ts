import { join } from "node:path";
import type { SystemConfig } from "@tradewind/config";
import type { ModelState } from "@tradewind/contracts";
import { DAY_MS, inputFailure, isTimeframe, type Instrument, type ParameterValue, type Timeframe } from "@tradewind/core";
import { checkModelId } from "@tradewind/kit";
import { openCandleStore } from "@tradewind/store";
import type { CandleSource } from "../candles/open-candles.ts";
import { instrumentOf, type TrainingWish } from "../train/request.ts";

/** What a job of `tw.job.train` asks for. */
export interface TrainingJob {
  readonly model: string;
  /** What its new version begins as. */
  readonly state: ModelState;
  readonly wish: TrainingWish;
}

/** Everything a job may say. `settings` may hold the training's own beside the family's. */
const known = [
  "model",
  "family",
  "broker",
  "symbol",
  "timeframe",
  "from",
  "to",
  "days",
  "settings",
  "state",
  "timeframes",
  "members",
  "experience",
  "expires_days",
  /** How often its process was lost; the trainer writes it. */
  "losses",
  ...["seed", "folds", "window", "horizon", "label", "min_train", "embargo", "epochs"],
] as const;
const inSettings = ["seed", "folds", "window", "horizon", "label", "min_train", "embargo"] as const;
const states = ["candidate", "shadow", "champion"] as const;
const USUAL_DAYS = 30;
/** A store that begins so much after what is wanted, or ends so much before, does not hold it. */
const SLACK_MS = DAY_MS / 4;

/**
 * The training that a job's parameters ask for: {family, symbol, model?, broker?, timeframe?, from?, to? (ISO), days?,
 * settings?, state?, ...}. Its candles are those of the installation; where its market is simulated and they do not reach
 * back, the simulated market's own. Without `to` they end at `marketNow`. Throws input failures of one line.
 */
export async function readJob(
  said: Readonly<Record<string, unknown>>,
  { data, market }: Pick<SystemConfig, "data" | "market">,
  marketNow: number,
): Promise<TrainingJob> {
  // As flags of `tradewind train` or as settings are written.
  const parameters = Object.fromEntries(Object.entries(said).map(([key, value]) => [key.replaceAll("-", "_"), value]));
  const stranger = Object.keys(parameters).find((key) => !(known as readonly string[]).includes(key));
  if (stranger !== undefined) throw bad(stranger, parameters[stranger], `known are ${known.join(", ")}`);
  const given = { ...parameters, ...ownOf(parameters["settings"]) };
  const text = (key: string): string | undefined => typed(given, key, "string");
  const number = (key: string): number | undefined => typed(given, key, "number");
  const state = states.find((one) => one === (text("state") ?? "shadow"));
  if (state === undefined) throw bad("state", given["state"], `it can be ${states.join(", ")}`);
  const family = needed(text("family"), "family");
  const [symbol, broker, timeframe] = [needed(text("symbol"), "symbol"), text("broker"), text("timeframe") ?? "1m"];
  if (!isTimeframe(timeframe)) throw bad("timeframe", timeframe, "it is no timeframe");
  const instrument = instrumentOf(symbol, broker);
  const model = checkModelId(text("model") ?? `${family}-${instrument.id}-${timeframe}`);
  const to = timeOf(given["to"], "to") ?? marketNow;
  const from = timeOf(given["from"], "from") ?? to - (number("days") ?? USUAL_DAYS) * DAY_MS;
  const label = { ...labelOf(parameters["settings"]), ...optional("horizon", number("horizon")) };
  const wish: TrainingWish = {
    family,
    name: model,
    symbol,
    timeframe,
    source: await sourceOf(data.dir, market, instrument, timeframe, { from, to }),
    settings: familySettings(parameters["settings"]),
    ...optional("broker", broker),
    ...optional("timeframes", listOf(given, "timeframes")),
    ...optional("members", listOf(given, "members")),
    ...optional("experience", text("experience")),
    ...optional("label", text("label")),
    ...(Object.keys(label).length > 0 && { labelParameters: label }),
    ...optional("seed", number("seed")),
    ...optional("folds", number("folds")),
    ...optional("window", number("window")),
    ...optional("minTrain", number("min_train")),
    ...optional("embargoMinutes", number("embargo")),
    ...optional("length", number("epochs")),
    ...optional("expiresDays", number("expires_days")),
  };
  return { model, state, wish };
}

async function sourceOf(
  dataDir: string,
  { feed, seed }: SystemConfig["market"],
  instrument: Instrument,
  timeframe: Timeframe,
  range: { readonly from: number; readonly to: number },
): Promise<CandleSource> {
  if (feed !== "simulated") return { kind: "store", dir: dataDir, ...range };
  const dir = join(dataDir, "simulated", `seed-${seed}`);
  const series = (await openCandleStore(dir).list()).find(
    (one) => one.venue === instrument.venue && one.instrument === instrument.id && one.timeframe === timeframe,
  );
  const holds = (series?.from ?? Infinity) <= range.from + SLACK_MS && (series?.to ?? -Infinity) >= range.to - SLACK_MS;
  return holds ? { kind: "store", dir, ...range } : { kind: "simulated", seed, ...range };
}

function bad(key: string, value: unknown, why: string): Error {
  return inputFailure("BAD_JOB", `the job has ${key} ${JSON.stringify(value)}; ${why}`);
}

function needed(value: string | undefined, key: string): string {
  if (value === undefined || value === "") throw inputFailure("BAD_JOB", `the job names no ${key}; a training needs family and symbol`);
  return value;
}

function typed(given: Readonly<Record<string, unknown>>, key: string, type: "string"): string | undefined;
function typed(given: Readonly<Record<string, unknown>>, key: string, type: "number"): number | undefined;
function typed(given: Readonly<Record<string, unknown>>, key: string, type: string): unknown {
  const value = given[key];
  if (value === undefined || typeof value === type) return value;
  throw bad(key, value, `it must be a ${type}`);
}

function timeOf(value: unknown, key: string): number | undefined {
  if (value === undefined) return undefined;
  const time = typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw bad(key, value, "write a time such as 2026-01-31T00:00:00Z");
  return time;
}

function listOf(given: Readonly<Record<string, unknown>>, key: string): string[] | undefined {
  const value = given[key];
  if (value === undefined) return undefined;
  const list = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(list) || !list.every((one) => typeof one === "string")) throw bad(key, value, "it must be a list of texts");
  return list;
}

function entriesOf(settings: unknown): [string, unknown][] {
  if (settings === undefined) return [];
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) throw bad("settings", settings, "it must be an object");
  return Object.entries(settings);
}

const isOwn = (key: string): boolean => (inSettings as readonly string[]).includes(key);

function ownOf(settings: unknown): Record<string, unknown> {
  return Object.fromEntries(entriesOf(settings).filter(([key]) => isOwn(key)));
}

function labelOf(settings: unknown): Record<string, ParameterValue> {
  const own = entriesOf(settings).filter(([key]) => key.startsWith("label."));
  return Object.fromEntries(own.map(([key, value]) => [key.slice("label.".length), value as ParameterValue]));
}

function familySettings(settings: unknown): Record<string, unknown> {
  return Object.fromEntries(entriesOf(settings).filter(([key]) => !isOwn(key) && !key.startsWith("label.")));
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, T>>;
}

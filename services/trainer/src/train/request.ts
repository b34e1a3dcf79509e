import { brokers, resolveInstrument } from "@tradewind/config";
import {
  defaultMatrixPlan,
  describeMatrix,
  findLabelRule,
  inputFailure,
  isTimeframe,
  timeframeNames,
  type AssetClass,
  type Instrument,
  type LabelChoice,
  type MatrixPlan,
  type ParameterValue,
  type Timeframe,
} from "@tradewind/core";
import { checkModelId } from "@tradewind/kit";
import type { CandleSource } from "../candles/open-candles.ts";
import { findFamily } from "../learners/registry.ts";
import type { NamedFile, Settings } from "../learners/learner.ts";
import { completeSettings, lengthOf } from "../learners/settings.ts";
import type { Experience } from "../rl/experience.ts";

/** A training as people and jobs ask for it: plain data. What is left out takes its default. */
export interface TrainingWish {
  readonly family: string;
  /** Of the files that come out; made of family, instrument and timeframe when left out. */
  readonly name?: string;
  readonly source: CandleSource;
  readonly symbol: string;
  /** Of the instrument's fees and ticks; bybit, for shares alpaca. */
  readonly broker?: string;
  /** Of the candles; of a CSV it is inferred, of the store it is 1m. */
  readonly timeframe?: string;
  /** Of the feature matrix, finest first; that of the candles alone. */
  readonly timeframes?: readonly string[];
  readonly window?: number;
  readonly label?: string;
  readonly labelParameters?: Readonly<Record<string, ParameterValue>>;
  readonly folds?: number;
  /** Share of the rows before the first fold's judged ones. */
  readonly minTrain?: number;
  readonly embargoMinutes?: number;
  readonly seed?: number;
  /** Of the family; `cnn.batch` is of a member. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What `--epochs` says: of nets epochs, of trees rounds. */
  readonly length?: number;
  /** Model files, as paths or read already, or families to be trained first. */
  readonly members?: readonly (string | NamedFile)[];
  /** Ledger of paper runs on the same candles, for families that learn from what was done. */
  readonly experience?: Experience;
  /** Most memory of the rows' matrices, MiB. */
  readonly maxMib?: number;
  /** Market days after the last candle on which the model abstains from then on. */
  readonly expiresDays?: number;
}

/** A wish, complete and checked; equal ones on equal candles give equal models. */
export interface Training {
  readonly name: string | undefined;
  readonly family: string;
  readonly source: CandleSource;
  readonly instrument: Instrument;
  readonly timeframe: Timeframe | undefined;
  readonly timeframes: readonly Timeframe[] | undefined;
  readonly window: number;
  readonly label: LabelChoice;
  readonly folds: number;
  readonly minTrain: number;
  readonly embargoMs: number;
  readonly seed: number;
  readonly settings: Settings;
  readonly members: readonly (string | NamedFile)[];
  /** Of members that are to be trained, by family. */
  readonly memberSettings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly length: number | undefined;
  readonly experience: Experience | undefined;
  readonly maxBytes: number;
  readonly expiresDays: number | undefined;
}

const WINDOW_MOST = 500;
const FOLDS_MOST = 50;
const MEMBERS_MOST = 16;
const MIB_USUAL = 4_096;

/** Checks a wish and fills in its defaults, before any candle is read. Throws input failures of one line. */
export function completeTraining(wish: TrainingWish): Training {
  const family = findFamily(wish.family);
  if (wish.name !== undefined) checkModelId(wish.name);
  const members = wish.members ?? [];
  if (members.length > 0 && family.composed !== true)
    throw inputFailure("NO_MEMBERS", `family ${family.name} has no members; leave them out, or take ensemble or meta`);
  if (wish.experience !== undefined && family.takesExperience !== true && family.composed !== true)
    throw inputFailure("NO_EXPERIENCE", `family ${family.name} learns from candles alone; leave the experience out, or take dqn`);
  if (members.length === 1) throw inputFailure("FEW_MEMBERS", `one member makes no ${family.name}; name at least two`);
  if (members.length > MEMBERS_MOST)
    throw inputFailure("MANY_MEMBERS", `${members.length} members are too many for one ${family.name}; name ${MEMBERS_MOST} at most`);
  const { own, memberSettings } = settingsBy(wish.settings ?? {});
  if (family.composed !== true && Object.keys(memberSettings).length > 0)
    throw inputFailure("UNKNOWN_SETTING", `family ${family.name} has no members, but ${Object.keys(memberSettings)[0]} is given a setting`);
  const label = { name: wish.label ?? "forward_return", ...(wish.labelParameters && { parameters: wish.labelParameters }) };
  findLabelRule(label.name).complete(label.parameters);
  const timeframes = wish.timeframes?.map((one) => timeframeOf(one, "timeframes"));
  const window = number(wish.window ?? defaultMatrixPlan.window, "window", 1, WINDOW_MOST, true);
  describeMatrix({ ...defaultMatrixPlan, window, ...(timeframes && { timeframes }) });
  return {
    name: wish.name,
    family: family.name,
    source: wish.source,
    instrument: instrumentOf(wish.symbol, wish.broker),
    timeframe: wish.timeframe === undefined ? undefined : timeframeOf(wish.timeframe, "timeframe"),
    timeframes,
    window,
    label,
    folds: number(wish.folds ?? 3, "folds", 1, FOLDS_MOST, true),
    minTrain: number(wish.minTrain ?? 0.5, "min_train", 0.05, 0.95, false),
    embargoMs: number(wish.embargoMinutes ?? 0, "embargo", 0, 1e6, false) * 60_000,
    seed: number(wish.seed ?? 1, "seed", 0, 4_294_967_295, true),
    settings: completeSettings(family, { ...own, ...lengthOf(family, wish.length) }),
    members,
    memberSettings,
    length: wish.length,
    experience: wish.experience,
    maxBytes: number(wish.maxMib ?? MIB_USUAL, "max_mib", 1, 2 ** 20, false) * 2 ** 20,
    expiresDays: wish.expiresDays === undefined ? undefined : number(wish.expiresDays, "expires_days", 0.001, 100_000, false),
  };
}

/** Settings of the family itself, and by the member before their first dot. */
function settingsBy(settings: Readonly<Record<string, unknown>>): {
  readonly own: Record<string, unknown>;
  readonly memberSettings: Record<string, Record<string, unknown>>;
} {
  const own: Record<string, unknown> = {};
  const memberSettings: Record<string, Record<string, unknown>> = {};
  for (const [key, value] of Object.entries(settings)) {
    const [, member, name] = /^([a-z]+)\.(.+)$/.exec(key) ?? [];
    if (member === undefined || name === undefined) own[key] = value;
    else memberSettings[member] = { ...memberSettings[member], [name]: value };
  }
  return { own, memberSettings };
}

/** The matrix of candles of `timeframe`. */
export function matrixOf({ timeframes, window }: Training, timeframe: Timeframe): MatrixPlan {
  return { ...defaultMatrixPlan, timeframes: timeframes ?? [timeframe], window };
}

/** The instrument a symbol is, at the broker that is usual for it when none is named. Throws `UNKNOWN_BROKER`, and as `resolveInstrument`. */
export function instrumentOf(symbol: string, broker?: string): Instrument {
  const assetClass: AssetClass = symbol.includes(":") ? "futures" : symbol.includes("/") ? "crypto" : "stocks";
  const venue = broker ?? (assetClass === "stocks" ? "alpaca" : "bybit");
  if (!Object.hasOwn(brokers, venue))
    throw inputFailure("UNKNOWN_BROKER", `there is no broker "${venue}"; there are ${Object.keys(brokers).join(", ")}`);
  return resolveInstrument(venue, assetClass, symbol);
}

/** The symbol that a file is named after: BTC-USDT-PERP_1m.csv, usa_AAPL_1d.csv. Undefined when there is none in it. */
export function symbolOfFile(name: string): string | undefined {
  const parts = name.replace(/\.[a-z0-9]+$/i, "").split("_");
  const pair = parts.map((part) => /^([A-Z0-9]{2,10})-([A-Z]{3,5})(-PERP)?$/.exec(part)).find((match) => match !== null);
  if (pair) return `${pair[1]}/${pair[2]}${pair[3] === undefined ? "" : `:${pair[2] === "USD" ? pair[1] : pair[2]}`}`;
  return parts.find((part) => /^[A-Z]{1,5}$/.test(part));
}

function timeframeOf(text: string, what: string): Timeframe {
  if (isTimeframe(text)) return text;
  throw inputFailure("BAD_TIMEFRAME", `${what} "${text}" is not one of ${timeframeNames.join(", ")}`);
}

function number(value: number, what: string, least: number, most: number, whole: boolean): number {
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw inputFailure("BAD_SETTING", `${what} ${value} is not a ${whole ? "whole " : ""}number from ${least} to ${most}`);
}

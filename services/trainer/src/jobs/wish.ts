import type { Bus } from "@tradewind/bus";
import type { SystemConfig } from "@tradewind/config";
import type { ModelState } from "@tradewind/contracts";
import { isTimeframe } from "@tradewind/core";
import { checkModelId } from "@tradewind/kit";
import { instrumentOf, type TrainingWish } from "../train/request.ts";
import { candlesOf } from "./candles.ts";
import { ledgerOf, memberOf } from "./from-bus.ts";
import { badParameter, listOf, needed, numberOf, optional, settingsOf, textOf, type Said } from "./parameters.ts";

/** What a job of `tw.job.train` asks for. */
export interface TrainingJob {
  readonly model: string;
  /** What its new version begins as. */
  readonly state: ModelState;
  readonly wish: TrainingWish;
  /** The same job said so that it means the same whenever it is read: candles, members and ledger as they are now. */
  readonly parameters: Said;
}

/** May stand among the settings too. */
const inSettings = ["seed", "folds", "window", "horizon", "label", "min_train", "embargo"] as const;
/** Everything a job may say. */
const known: readonly string[] = [
  ...["model", "family", "broker", "symbol", "timeframe", "from", "to", "days", "settings", "state"],
  ...["timeframes", "members", "experience", "epochs", "expires_days", ...inSettings],
];
const states = ["candidate", "shadow", "champion"] as const;

/**
 * The training that a job's parameters ask for: {family, symbol, model?, broker?, timeframe?, from?, to? (ISO), days?,
 * settings?, state?, ...}. Members are families and registered models, experience is the ledger of an account: no file.
 * Throws input failures of one line.
 */
export async function readJob(
  said: Said,
  { bus, config }: { readonly bus: Bus; readonly config: Pick<SystemConfig, "data" | "market"> },
  marketNow: number,
): Promise<TrainingJob> {
  // As flags of `tradewind train` or as settings are written.
  const parameters = Object.fromEntries(Object.entries(said).map(([key, value]) => [key.replaceAll("-", "_"), value]));
  const stranger = Object.keys(parameters).find((key) => !known.includes(key));
  if (stranger !== undefined) throw badParameter(stranger, parameters[stranger], `known are ${known.join(", ")}`);
  const settings = settingsOf(parameters["settings"], inSettings);
  const given = { ...parameters, ...settings.training };
  const state = states.find((one) => one === (textOf(given, "state") ?? "shadow"));
  if (state === undefined) throw badParameter("state", given["state"], `it can be ${states.join(", ")}`);
  const family = needed(textOf(given, "family"), "family");
  const [symbol, broker] = [needed(textOf(given, "symbol"), "symbol"), textOf(given, "broker")];
  const timeframe = textOf(given, "timeframe") ?? "1m";
  if (!isTimeframe(timeframe)) throw badParameter("timeframe", timeframe, "it is no timeframe");
  const instrument = instrumentOf(symbol, broker);
  const model = checkModelId(textOf(given, "model") ?? `${family}-${instrument.id}-${timeframe}`);
  const source = await candlesOf(given, config, instrument, timeframe, marketNow);
  const members = await Promise.all((listOf(given, "members") ?? []).map((one) => memberOf(bus, one)));
  const account = textOf(given, "experience");
  const experience = account === undefined ? undefined : await ledgerOf(bus, account, instrument.id);
  const label = { ...settings.label, ...optional("horizon", numberOf(given, "horizon")) };
  const wish: TrainingWish = {
    family,
    name: model,
    symbol,
    timeframe,
    source,
    settings: settings.family,
    members: members.map(({ member }) => member),
    ...(Object.keys(label).length > 0 && { labelParameters: label }),
    ...optional("experience", experience?.entries),
    ...optional("broker", broker),
    ...optional("timeframes", listOf(given, "timeframes")),
    ...optional("label", textOf(given, "label")),
    ...optional("seed", numberOf(given, "seed")),
    ...optional("folds", numberOf(given, "folds")),
    ...optional("window", numberOf(given, "window")),
    ...optional("minTrain", numberOf(given, "min_train")),
    ...optional("embargoMinutes", numberOf(given, "embargo")),
    ...optional("length", numberOf(given, "epochs")),
    ...optional("expiresDays", numberOf(given, "expires_days")),
  };
  const now = {
    from: new Date(source.from).toISOString(),
    to: new Date(source.to).toISOString(),
    ...(members.length > 0 && { members: members.map(({ name }) => name) }),
    ...optional("experience", experience?.name),
  };
  return { model, state, wish, parameters: { ...parameters, ...now } };
}

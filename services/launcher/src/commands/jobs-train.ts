import { inputFailure } from "@tradewind/core";
import type { JobAnswer } from "../answers.ts";
import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Arguments, type Command, type Option } from "../command.ts";
import { choiceFlag, numberFlag } from "../settings.ts";
import { noMoreThan, parseTime } from "../support.ts";
import { registerStates } from "../train/register.ts";
import { familySettings, wishOptions } from "../train/options.ts";

/** Flags of `tradewind train` that mean the same of a job. */
const taken = [
  ...["family", "symbol", "broker", "timeframe", "from", "to", "window", "timeframes", "label", "horizon", "folds", "min-train"],
  ...["embargo", "epochs", "set", "seed", "expires-days"],
] as const;
const TEXTS = ["family", "symbol", "broker", "timeframe", "timeframes", "label", "members", "experience"];
const NUMBERS = ["window", "horizon", "folds", "min-train", "embargo", "epochs", "seed", "expires-days"];

export const jobsTrain: Command = {
  name: "jobs train",
  summary: "Ask a running system for a training; its model comes as a new version",
  usage: "--family F --symbol S",
  options: {
    ...Object.fromEntries(taken.map((name): [string, Option] => [name, wishOptions[name]!])),
    members: {
      type: "string",
      value: "A,B",
      doc: "of ensemble and meta: registered models, or families to train first (default: cnn,lstm,gbdt)",
    },
    experience: { type: "string", value: "ACCOUNT", doc: "of dqn: an account of this system, whose ledger is learnt from too" },
    days: { type: "string", value: "N", doc: "of candles up to now, where --from is left out (default 30)" },
    model: { type: "string", value: "ID", doc: "the model that gets the version (default: family-instrument-timeframe)" },
    state: { type: "string", value: "STATE", doc: `what it begins as: ${registerStates.join(", ")} (default: shadow)` },
    ...gatewayOptions,
  },
  details: `It learns from the system's own candles, on whichever trainer is free; "tradewind jobs show ID" tells how far it is.
To train here, from a file or a range: tradewind train.`,
  async run(args, io) {
    noMoreThan(args, 0);
    for (const name of ["family", "symbol"])
      if (args.text(name) === undefined)
        throw inputFailure("MISSING_FLAG", `--${name} is missing; for example: tradewind jobs train --family gbdt --symbol BTC/USDT`);
    const wanted = { kind: "train", parameters: parametersOf(args) };
    const { job, message } = await gatewayOf(args, io).post<{ readonly job: JobAnswer; readonly message: string }>("/api/jobs", wanted);
    io.out(args.flag("json") ? `${JSON.stringify(job)}\n` : `${message}\n`);
    return exitCodes.done;
  },
};

function parametersOf(args: Arguments): Readonly<Record<string, unknown>> {
  const times = ["from", "to"].map((name) => [name, parseTime(args.text(name), name)] as const);
  const settings = familySettings(args.texts("set"));
  const all: readonly (readonly [string, unknown])[] = [
    ...[...TEXTS, "model"].map((name) => [name, args.text(name)] as const),
    ...NUMBERS.map((name) => [name, numberFlag(args, name, -1e12, 1e12, false)] as const),
    ["days", numberFlag(args, "days", 0.01, 36_500, false)],
    ["state", choiceFlag(args, "state", registerStates)],
    ...times.map(([name, time]) => [name, time === undefined ? undefined : new Date(time).toISOString()] as const),
    ["settings", Object.keys(settings).length === 0 ? undefined : settings],
  ];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

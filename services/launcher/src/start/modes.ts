import { join, resolve } from "node:path";
import { inputFailure, type VariantPlan } from "@tradewind/core";
import type { Arguments, Io } from "../command.ts";
import { choiceFlag, numberFlag, settingsOf, type Settings } from "../settings.ts";
import { chooseVariants } from "./choose-variants.ts";
import { backtestSymbol } from "./mode-backtest.ts";
import { modes, type StartMode } from "./mode-names.ts";
import type { StartChoices } from "./run.ts";
import { symbolSettings } from "./symbol.ts";

/** Does what a mode of `start` stands for; returns the exit code. */
export async function runMode(args: Arguments, io: Io): Promise<number> {
  const mode = choiceFlag(args, "mode", modes) ?? "web";
  switch (mode) {
    case "web":
    case "trade":
    case "orchestrator":
      return start(mode, args, io);
    case "backtest":
      return backtestSymbol(args, io);
    case "test":
      return (await import("./self-check.ts")).selfCheck(io, args.flag("json"));
    case "train":
      return (await import("./mode-train.ts")).trainSymbol(args, io);
  }
}

async function start(mode: StartMode, args: Arguments, io: Io): Promise<number> {
  const flags = flagsOf(args, io);
  const symbol = args.text("symbol");
  if (mode === "trade" && symbol === undefined && args.positionals.length === 0)
    throw inputFailure("NO_SYMBOL", "--mode trade needs --symbol S, for example --symbol BTC/USDT, or the id of a variant");
  if (symbol !== undefined && args.positionals.length > 0)
    throw inputFailure("TWO_CHOICES", `--symbol chooses the variants; leave out "${args.positionals[0]}", or --symbol`);
  const general = settingsOf(args, io, flags);
  const settings = symbol === undefined ? general : symbolSettings(general, symbol);
  const wanted = args.positionals.length > 0 ? args.positionals : settings.config.start.variants;
  const variants = chooseVariants(settings.configDir, wanted);
  const ids = variants.map(({ plan }) => plan.id);
  const choices: StartChoices = {
    settings: { ...settings, config: { ...settings.config, start: { variants: ids } } },
    variants,
    fresh: args.flag("fresh"),
    untilEnd: args.flag("until-end"),
    quiet: args.flag("quiet"),
    json: args.flag("json"),
    openPage: !args.flag("no-open") && !args.flag("until-end"),
    flags: (url) => flagsToFind(args, url),
    decisions: mode === "orchestrator",
  };
  if (choices.untilEnd)
    checkEnd(
      choices.settings,
      variants.map(({ plan }) => plan),
    );
  // Every service comes with it.
  return (await import("./run.ts")).runStart(choices, io);
}

/** What start was told and other commands have to be told too. */
function flagsToFind(args: Arguments, url: string): string {
  const dataDir = args.text("data-dir");
  const config = args.text("config");
  return [
    ...(args.text("port") === undefined ? [] : [` --url ${url}`]),
    ...(dataDir === undefined ? [] : [` --token-file ${join(dataDir, "gateway.token")}`]),
    ...(config === undefined ? [] : [` --config ${config}`]),
  ].join("");
}

function checkEnd({ config: { market, run } }: Settings, plans: readonly VariantPlan[]): void {
  if (market.feed !== "replay")
    throw inputFailure(
      "NO_END",
      "--until-end needs data that ends: --feed replay with --file INSTRUMENT=CSV, or market.bars of a simulated market",
    );
  if (plans.length === 0)
    throw inputFailure("NO_VARIANTS", `--until-end: no variant is chosen, so nothing would end; name one (clock ${run.clock})`);
}

/** The flags as settings, checked one by one. */
function flagsOf(args: Arguments, io: Io): unknown {
  const given = <T>(value: T | undefined, put: (value: T) => Record<string, unknown>): Record<string, unknown> =>
    value === undefined ? {} : put(value);
  const dataDir = args.text("data-dir");
  const files = filesOf(args, io);
  const feed = choiceFlag(args, "feed", ["simulated", "replay"]) ?? (Object.keys(files).length > 0 ? "replay" : undefined);
  return {
    market: {
      ...given(numberFlag(args, "speed", 0.01, 10_000, false), (speed) => ({ speed })),
      ...given(numberFlag(args, "seed", 0, 4_294_967_295, true), (seed) => ({ seed })),
      ...given(feed, () => ({ feed })),
      ...(Object.keys(files).length > 0 && { files }),
    },
    // Recorded candles are too old for anybody to decide on in time.
    run: given(choiceFlag(args, "clock", ["wall", "events"]) ?? (feed === "replay" ? "events" : undefined), (clock) => ({ clock })),
    gateway: {
      ...given(numberFlag(args, "port", 0, 65_535, true), (port) => ({ port })),
      ...given(dataDir, (dir) => ({ token_file: `${resolve(io.cwd, dir)}/gateway.token` })),
    },
    ...given(dataDir, (dir) => ({
      data: { dir: resolve(io.cwd, dir) },
      training: { dir: `${resolve(io.cwd, dir)}/models` },
      bus: { file: `${resolve(io.cwd, dir)}/bus.sqlite` },
    })),
  };
}

function filesOf(args: Arguments, io: Io): Record<string, string> {
  return Object.fromEntries(
    args.texts("file").map((text) => {
      const [, id, path] = /^([A-Za-z0-9_-]+)=(.+)$/.exec(text) ?? [];
      if (id === undefined || path === undefined)
        throw inputFailure("BAD_FLAG", `--file "${text}" is not INSTRUMENT=FILE; write for example BTC-USDT-PERP=btc.csv`);
      return [id, resolve(io.cwd, path)];
    }),
  );
}

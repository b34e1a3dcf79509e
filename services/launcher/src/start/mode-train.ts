import { join } from "node:path";
import { loadVariant } from "@tradewind/config";
import { inputFailure, type Instrument, type Timeframe } from "@tradewind/core";
import { openCandleStore } from "@tradewind/store";
import { completeTraining, type CandleSource, type Finished, type TrainingWish } from "@tradewind/trainer";
import { exitCodes, type Arguments, type Io } from "../command.ts";
import { numberFlag, settingsOf, shownPath, variantsFolder, type Settings } from "../settings.ts";
import { trainHere } from "../train/here.ts";
import { comparisonText } from "../train/text.ts";
import { symbolSettings } from "./symbol.ts";

const DAY_MS = 86_400_000;
/** Of the simulated market; with so many the whole takes about a minute. */
const SIMULATED_DAYS = 20;
const STORED_DAYS_LEAST = 3;
const CHECKPOINT_EVERY_MS = 10_000;
/** Quick to train, and different enough that their mean may be better than either. */
const FAMILIES = ["cnn", "gbdt"];

/** Trains models for a symbol on its stored candles, or on days of the simulated market, and shows what each is worth. */
export async function trainSymbol(args: Arguments, io: Io): Promise<number> {
  const symbol = args.text("symbol");
  if (symbol === undefined) throw inputFailure("NO_SYMBOL", "--mode train needs --symbol S, for example --symbol ETH/USDT");
  const seed = numberFlag(args, "seed", 0, 4_294_967_295, true);
  const general = settingsOf(args, io, flagsOf(args, io, seed));
  const settings = symbolSettings(general, symbol);
  const { plan } = loadVariant(join(variantsFolder(settings.configDir), `${settings.config.start.variants[0]}.json`));
  const instrument = plan.instruments.find((one) => one.symbol === symbol)!;
  const source = await sourceOf(general, instrument, plan.finestTimeframe, io);
  const wish = { symbol, source, broker: plan.broker, timeframe: plan.finestTimeframe, ...(seed !== undefined && { seed }) };
  const finished: Finished[] = [];
  const seconds: number[] = [];
  const train = async (own: Pick<TrainingWish, "family" | "members">): Promise<boolean> => {
    const startedAt = performance.now();
    const here = { dir: general.config.training.dir, checkpointEveryMs: CHECKPOINT_EVERY_MS, fresh: args.flag("fresh") };
    const one = await trainHere(completeTraining({ ...wish, ...own }), here, io);
    if (one === undefined) return false;
    finished.push(one);
    seconds.push((performance.now() - startedAt) / 1_000);
    return true;
  };
  for (const family of FAMILIES) if (!(await train({ family }))) return exitCodes.interrupted;
  if (!(await train({ family: "ensemble", members: FAMILIES }))) return exitCodes.interrupted;
  if (args.flag("json"))
    io.out(`${JSON.stringify({ symbol, source: source.kind, models: finished.map(({ result, files }) => ({ ...result, files })) })}\n`);
  else io.out(comparisonText(finished, seconds, next(finished, io)));
  return exitCodes.done;
}

function flagsOf(args: Arguments, io: Io, seed: number | undefined): unknown {
  const dataDir = args.text("data-dir");
  const dir = dataDir === undefined ? undefined : join(io.cwd, dataDir);
  return {
    ...(seed !== undefined && { market: { seed } }),
    ...(dir !== undefined && { data: { dir }, training: { dir: join(dir, "models") } }),
  };
}

/** What is stored of the symbol where that is enough to learn from, else the simulated market. */
async function sourceOf({ config }: Settings, instrument: Instrument, timeframe: Timeframe, io: Io): Promise<CandleSource> {
  const { dir } = config.data;
  const stored = (await openCandleStore(dir).list()).find(
    (one) => one.venue === instrument.venue && one.instrument === instrument.id && one.timeframe === timeframe,
  );
  const { from, to } = stored ?? {};
  if (from !== undefined && to !== undefined && to - from >= STORED_DAYS_LEAST * DAY_MS) {
    const [first, last] = [from, to].map((time) => new Date(time).toISOString());
    io.say(`${instrument.symbol}: learns from stored candles, ${first} to ${last}`);
    return { kind: "store", dir };
  }
  const { seed, start } = config.market;
  const begin = Date.parse(start);
  io.say(
    `${instrument.symbol}: fewer than ${STORED_DAYS_LEAST} days are stored, so it learns from ${SIMULATED_DAYS} days of the SIMULATED MARKET, seed ${seed}; ` +
      `for recorded candles: tradewind data import FILE --venue ${instrument.venue} --symbol ${instrument.symbol}`,
  );
  return { kind: "simulated", seed, from: begin, to: begin + SIMULATED_DAYS * DAY_MS };
}

/** What to do with the best of them. */
function next(finished: readonly Finished[], io: Io): string {
  const best = finished.reduce((a, b) => (b.result.metrics.log_loss < a.result.metrics.log_loss ? b : a));
  return `tradewind models add ${shownPath(best.files.model, io.cwd)} --name ${best.result.name} --state shadow`;
}

import { join } from "node:path";
import type { SystemConfig } from "@tradewind/config";
import { DAY_MS, inputFailure, isoTime, timeframeMs, type Instrument, type Timeframe } from "@tradewind/core";
import { openCandleStore } from "@tradewind/store";
import { badParameter, numberOf, type Said } from "./parameters.ts";

/** Open times in [from, to), ms. */
interface Range {
  readonly from: number;
  readonly to: number;
}
/** Where a job's candles are, and from when to when: fixed, whatever is stored meanwhile. */
export type JobCandles = Range & ({ readonly kind: "store"; readonly dir: string } | { readonly kind: "simulated"; readonly seed: number });

const USUAL_DAYS = 30;
const DAYS_MOST = 36_500;
const TIME_MOST = Date.UTC(2200, 0, 1);
/** Some years of minutes. */
const CANDLES_MOST = 3_000_000;
/** They are made one by one: a year of minutes takes half a minute, and half a gigabyte. */
const SIMULATED_MOST = 600_000;
/** A store that begins so much after what is wanted, or ends so much before, does not hold it. */
const SLACK_MS = DAY_MS / 4;

/**
 * Those of the installation; where its market is simulated and what is stored does not reach back, the simulated market's
 * own. Without `to` they end at `marketNow`, as do those of the simulated market, whose future nobody may know. Throws
 * input failures of one line.
 */
export async function candlesOf(
  said: Said,
  { data, market }: Pick<SystemConfig, "data" | "market">,
  instrument: Instrument,
  timeframe: Timeframe,
  marketNow: number,
): Promise<JobCandles> {
  const wanted = rangeOf(said, marketNow);
  const simulated = market.feed === "simulated";
  const dir = simulated ? join(data.dir, "simulated", `seed-${market.seed}`) : data.dir;
  const stored = (await openCandleStore(dir).list()).find(
    (one) => one.venue === instrument.venue && one.instrument === instrument.id && one.timeframe === timeframe,
  );
  const [first, last] = [stored?.from ?? Infinity, stored?.to ?? -Infinity];
  if (simulated && !(first <= wanted.from + SLACK_MS && last >= wanted.to - SLACK_MS)) {
    const range = { from: wanted.from, to: Math.min(wanted.to, marketNow) };
    checkCount(range, timeframe, SIMULATED_MOST);
    return { kind: "simulated", seed: market.seed, ...range };
  }
  // What comes to the store while the job is at it must not change what it learns from.
  const held = { from: Math.max(wanted.from, first), to: Math.min(wanted.to, last) };
  const range = held.from < held.to ? held : wanted;
  checkCount(range, timeframe, CANDLES_MOST);
  return { kind: "store", dir, ...range };
}

function rangeOf(said: Said, marketNow: number): Range {
  const days = numberOf(said, "days");
  if (days !== undefined && !(days > 0 && days <= DAYS_MOST))
    throw badParameter("days", days, `it must be above 0, and ${DAYS_MOST} at most`);
  const to = Math.floor(timeOf(said["to"], "to") ?? marketNow);
  const from = Math.floor(timeOf(said["from"], "from") ?? Math.max(0, to - (days ?? USUAL_DAYS) * DAY_MS));
  if (from < to) return { from, to };
  const end = said["to"] === undefined ? `${isoTime(to)}, the market's time now` : `its to, ${isoTime(to)}`;
  throw badParameter("from", said["from"] ?? isoTime(from), `it must be before ${end}`);
}

function timeOf(value: unknown, key: string): number | undefined {
  if (value === undefined) return undefined;
  const time = typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (time >= 0 && time <= TIME_MOST) return time;
  throw badParameter(key, value, "write a time of 1970 to 2199 such as 2026-01-31T00:00:00Z");
}

function checkCount({ from, to }: Range, timeframe: Timeframe, most: number): void {
  const count = Math.ceil((to - from) / timeframeMs(timeframe));
  if (count > most)
    throw inputFailure(
      "TOO_MANY_CANDLES",
      `the job's ${isoTime(from)} to ${isoTime(to)} are up to ${count} candles of ${timeframe}, at most ${most} can be learnt from; ask for fewer days or a coarser timeframe`,
    );
}

import { join } from "node:path";
import { decodeMessage, subjectOf, decodeModelRecord, type ModelRecord } from "@tradewind/contracts";
import { describeMatrix } from "@tradewind/core";
import { claimPartitions, followVariants, lineOf, type BuildService, type ServiceContext, type Work } from "@tradewind/kit";
import { openCandleStore, openFeatureCache } from "@tradewind/store";
import { createFeed } from "@tradewind/venues";
import { openMarketTime, type MarketTime } from "./market-time.ts";
import { createMarketMetrics } from "./metrics.ts";
import { startPartition } from "./partition.ts";
import { recordedColumns } from "./sources.ts";
import { versionOf, wantedInstruments, type WantedInstrument } from "./wanted.ts";

/** The partition that keeps the time of a market that is made here. */
const CLOCK = "clock";

/** Works instruments: partition `{broker}.{instrument}` for each that an enabled variant trades. */
export const build: BuildService = async (context, stack) => {
  const { market, redis, data } = context.config;
  const metrics = createMarketMetrics(context.metrics.registry);
  let wanted: ReadonlyMap<string, WantedInstrument> = new Map();
  let changed = (): void => undefined;

  const time = await openMarketTime(context, () => newestClose(context, [...wanted.keys()]));
  stack.defer(() => time.stop());
  const feed = createFeed(market.feed, {
    seed: market.seed,
    clock: time.clock,
    pace: market.pace,
    columnsOf: (venue, instrument, calendar) => recordedColumns(context, venue, instrument, calendar),
  });
  const { ownsClock, recorded } = feed.capabilities;

  if (recorded && context.run.clock === "wall") {
    const line = "a replay on the wall clock: its candles are old, so nobody decides on them in time; set run.clock to events";
    context.log.warn(line);
    context.state.note(line);
  }

  const cache = openFeatureCache({
    url: redis.url,
    password: redis.password,
    onStatus(there, line) {
      context.log[there ? "info" : "warn"](line);
      context.state.note(line);
    },
  });
  stack.defer(() => cache.close());
  const store = market.keep && !recorded ? openCandleStore(simulatedDir(data.dir, market.seed)) : undefined;

  const models = await followModels(context, () => changed());
  stack.defer(() => models.stop());
  const variants = await followVariants(context, () => changed());
  stack.defer(() => variants.stop());

  const start = async (partition: string, lost: AbortSignal): Promise<Work> => {
    if (partition === CLOCK) return keepTime(time, lost);
    const own = wanted.get(partition);
    // No longer wanted by the time its lease was there.
    if (own === undefined) return { stop: async () => undefined };
    return startPartition({
      context,
      metrics,
      feed,
      clock: time.clock,
      cache,
      store,
      time: ownsClock ? time : undefined,
      wanted: own,
      lost,
    });
  };
  wanted = wantedInstruments(variants.all(), models.all());
  const partitions = claimPartitions(context, {
    kind: "market-data",
    wanted: () => [...(ownsClock ? [CLOCK] : []), ...[...wanted.keys()].sort()],
    start,
    versionOf: (partition) => (wanted.has(partition) ? versionOf(wanted.get(partition)!) : ""),
  });
  changed = () => {
    wanted = wantedInstruments(variants.all(), models.all());
    void partitions.refresh();
  };
  stack.defer(() => partitions.stop());
};

function keepTime(time: MarketTime, lost: AbortSignal): Work {
  const own = new AbortController();
  const running = time.keep(AbortSignal.any([own.signal, lost]));
  return {
    async stop() {
      own.abort();
      await running;
    },
  };
}

/** The registered models as of now, by id. */
async function followModels(
  { bus, log, state }: ServiceContext,
  changed: () => void,
): Promise<{ all(): ReadonlyMap<string, ModelRecord>; stop(): void }> {
  const models = new Map<string, ModelRecord>();
  const watch = await bus.kv("models").watch(({ key, value }) => {
    if (value === undefined) models.delete(key);
    else
      try {
        const record = decodeModelRecord(value);
        for (const { matrix } of record.versions) describeMatrix(matrix);
        models.set(key, record);
      } catch (error) {
        models.delete(key);
        const line = `model ${key} is left out, its record in bucket models is none (${lineOf(error)}); register it again`;
        log.warn(line);
        state.note(line);
      }
    changed();
  });
  return { all: () => models, stop: () => watch.stop() };
}

/** Close of the newest candle that was published of any of the instruments, ms. */
async function newestClose({ bus }: ServiceContext, partitions: readonly string[]): Promise<number> {
  let newest = -Infinity;
  for (const partition of partitions) {
    const [venue, instrument] = partition.split(".") as [string, string];
    const stored = await bus.last(subjectOf("candle", { venue, instrument, timeframe: "1s" }));
    const decoded = stored && decodeMessage("candle", stored.data);
    if (decoded?.ok === true && decoded.envelope.data.type === "candle") newest = Math.max(newest, decoded.envelope.data.candle.closeTime);
  }
  return newest;
}

/** Candles that were made up stay apart from those that were recorded, and those of one seed from another's. */
function simulatedDir(dataDir: string, seed: number): string {
  return join(dataDir, "simulated", `seed-${seed}`);
}

import type { EquityUpdate } from "@tradewind/contracts";
import { checkpointStore, type ServiceContext } from "@tradewind/kit";
import { createSeries, type Series } from "./series.ts";

/** Equity of each variant: the latest figures, and the line of it. Updates are not kept by the bus, so the line is. */
export interface EquityBook {
  add(update: EquityUpdate): void;
  latest(variant: string): EquityUpdate | undefined;
  series(variant: string): Series | undefined;
  /** Takes up the lines kept of an earlier process. */
  load(variants: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

const SAVE_MS = 10_000;
const POINTS_KEPT = 500;
type Points = readonly (readonly [number, number])[];

export function openEquityBook(context: ServiceContext): EquityBook {
  const latest = new Map<string, EquityUpdate>();
  const series = new Map<string, Series>();
  const changed = new Set<string>();
  const storeOf = (variant: string) => checkpointStore(context, `equity-${variant}`, context.run.run);

  async function save(): Promise<void> {
    for (const variant of [...changed]) {
      changed.delete(variant);
      await storeOf(variant)
        .save({ positions: {}, state: series.get(variant)!.sparse(POINTS_KEPT) })
        .catch(() => changed.add(variant));
    }
  }
  const timer = setInterval(() => void save(), SAVE_MS);

  return {
    latest: (variant) => latest.get(variant),
    series: (variant) => series.get(variant),
    add(update) {
      const { variant, time, equity } = update;
      if (time < (latest.get(variant)?.time ?? -Infinity)) return;
      latest.set(variant, update);
      const line = series.get(variant) ?? createSeries();
      series.set(variant, line);
      line.add(time, equity);
      changed.add(variant);
    },
    async load(variants) {
      for (const variant of variants) {
        const kept = await storeOf(variant).load();
        if (kept !== undefined && !series.has(variant)) series.set(variant, createSeries(kept.state as Points));
      }
    },
    async stop() {
      clearInterval(timer);
      await save();
    },
  };
}

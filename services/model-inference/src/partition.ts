import type { ServedModel } from "@tradewind/contracts";
import { lineOf, type ServiceContext, type Work } from "@tradewind/kit";
import type { FeatureCache } from "./features.ts";
import type { HostPool } from "./host/host-pool.ts";
import { startLane, type LaneWish } from "./lane.ts";
import type { InferenceMetrics } from "./metrics.ts";
import { fileOf } from "./registration.ts";

export interface PartitionOptions {
  readonly context: ServiceContext;
  readonly pool: HostPool;
  readonly cache: FeatureCache;
  readonly metrics: InferenceMetrics;
  readonly record: ServedModel;
  readonly wishes: readonly LaneWish[];
  readonly lost: AbortSignal;
}

/** Serves one model: a host for its file, a lane for each instrument it is wanted for. */
export async function startPartition(options: PartitionOptions): Promise<Work> {
  const { context, pool, record, wishes } = options;
  const model = await fileOf(context.bus, record);
  const host = pool.acquire(record.id, model);
  const lanes: Work[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(lanes.map((lane) => lane.stop()));
    pool.release(model);
  };
  // Loaded before the first close asks for it; a file that cannot be loaded is told now, and each close abstains.
  host.ready().catch((error: unknown) => {
    if (options.lost.aborted || context.signal.aborted) return;
    context.log.error(`model ${record.id} cannot serve: ${lineOf(error)}`);
    context.state.note(`model ${record.id} cannot serve: ${lineOf(error)}`);
  });
  try {
    for (const wish of wishes) lanes.push(await startLane({ ...options, wish, host }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

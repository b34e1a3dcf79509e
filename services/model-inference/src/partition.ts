import type { ServedModel } from "@tradewind/contracts";
import { lineOf, type ServiceContext, type Work } from "@tradewind/kit";
import type { FeatureCache } from "./features.ts";
import type { ModelFiles } from "./files.ts";
import type { Hosts } from "./hosts.ts";
import { startLane, type LaneWish } from "./lane.ts";
import type { InferenceMetrics } from "./metrics.ts";
import { openVoice, type Voice } from "./voice.ts";

export interface PartitionOptions {
  readonly context: ServiceContext;
  readonly hosts: Hosts;
  readonly files: ModelFiles;
  readonly cache: FeatureCache;
  readonly metrics: InferenceMetrics;
  readonly record: ServedModel;
  readonly wishes: readonly LaneWish[];
  readonly lost: AbortSignal;
}

/** Serves one model: a voice, and a lane for each instrument it is wanted for. */
export async function startPartition(options: PartitionOptions): Promise<Work & { readonly voice: Voice }> {
  const { context, record, wishes } = options;
  const voice = await openVoice({ ...options, served: record, callers: wishes.length });
  const lanes: Work[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(lanes.map((lane) => lane.stop()));
    await voice.stop();
  };
  // Loaded before the first close asks for it; a file that cannot be loaded is told now, and each close abstains.
  voice.ready().catch((error: unknown) => {
    if (options.lost.aborted || context.signal.aborted) return;
    context.log.error(`model ${record.speaksAs} cannot serve: ${lineOf(error)}`);
    context.state.note(`model ${record.speaksAs} cannot serve: ${lineOf(error)}`);
  });
  try {
    for (const wish of wishes) lanes.push(await startLane({ ...options, wish, voice }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop, voice };
}
